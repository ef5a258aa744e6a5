"""What is read from a brief's texts: initials, a tagline, and the words that suggest a motif."""

from __future__ import annotations

import re

from .fonts import FALLBACKS, load_face

_WORD = re.compile(r"[^\W_]+(?:[-'\u2019][^\W_]+)*")
_FILLER_TEXT = """
    a an and are as at be been being but by can do does every for from has have how i in into is it
    its just make makes making more most my no not of on one or our out over so than that the their
    them then there these they this those through to too up us very want was we were what when where
    which who will with would you your bring brings bringing create creates creating help helps
    helping provide provides become becomes give gives giving offer offers build builds building
    brand company business people world all join find discover enjoy love live living keep keeps any
    other others let lets like each also get gets use using der die das und le la les de des et el
    los las y del
"""
_FILLERS = frozenset(_FILLER_TEXT.split())
_ARTICLES = frozenset({"the", "a", "an", "and", "of", "for", "de", "la", "le", "der", "die", "das", "el"})


def words_of(text: str) -> list[str]:
    """The words of a text, in order."""
    return _WORD.findall(text)


def initials(name: str, most: int = 3) -> str:
    """The capitals that stand for a name, at most three; empty if no face can draw any of its letters."""
    words = [drawable for word in words_of(name) if (drawable := _drawable(word))]
    weighty = [word for word in words if word.lower() not in _ARTICLES] or words
    if weighty:
        return "".join(word[0] for word in weighty[:most]).upper()[:most]
    return _drawable("".join(name.split()))[:1]


def tagline(vision: str, archetype: str | None, most: int = 30) -> str:
    """Two or three meaningful words of the vision, or the archetype, to be set small in capitals."""
    chosen: list[str] = []
    for word in words_of(vision):
        plain = _drawable(word)
        fits = len(" · ".join([*chosen, plain])) <= most
        if len(plain) > 2 and plain.lower() not in _FILLERS and plain not in chosen and fits:
            chosen.append(plain)
        if len(chosen) == 3:
            break
    if len(chosen) < 2 and archetype:
        chosen = [_drawable(word) for word in words_of(archetype)[:3]]
    return " · ".join(word for word in chosen if word)[:most]


def _drawable(text: str) -> str:
    return max((load_face(place).drawable(text) for place in FALLBACKS), key=len)
