"""Breaking text into lines of like width."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Measure = Callable[[str], float]
_Break = tuple[float, list[tuple[int, int]]]
"""Width of the widest line so far, and the lines as ranges of words."""

_LONGEST_WORD = 22
_CONNECTORS = frozenset({"&", "+", "and", "of", "the", "de", "la", "le", "und", "y", "et", "a", "an"})
"""Short words that stay with the word after them instead of ending a line."""


def split_words(text: str) -> list[str]:
    """The pieces a text may be broken into: words with the connectors before them, long words in parts."""
    units: list[str] = []
    for word in text.split():
        pieces = [word[i : i + _LONGEST_WORD] for i in range(0, len(word), _LONGEST_WORD)]
        if units and units[-1].rsplit(" ", 1)[-1].lower() in _CONNECTORS:
            pieces[0] = f"{units.pop()} {pieces[0]}"
        units.extend(pieces)
    return units


def balanced_lines(words: Sequence[str], count: int, measure: Measure) -> list[str]:
    """The words in up to `count` lines whose widest line is as narrow as can be."""
    widths = [measure(word) for word in words]
    space = measure("n n") - 2 * measure("n")
    breaks = _breaks(widths, space, min(count, len(words)))
    return [" ".join(words[start:end]) for start, end in breaks]


def _breaks(widths: Sequence[float], space: float, count: int) -> list[tuple[int, int]]:
    """Where to break so that the widest of `count` lines is narrowest (dynamic programming)."""
    total = len(widths)
    best: list[_Break] = [(0.0, []), *((float("inf"), []) for _ in range(total))]
    for _ in range(count):
        best = [(float("inf"), []), *[_best_ending(end, best, widths, space) for end in range(1, total + 1)]]
    return best[total][1]


def _best_ending(end: int, best: Sequence[_Break], widths: Sequence[float], space: float) -> _Break:
    options = []
    for start in range(end):
        widest, lines = best[start]
        line = sum(widths[start:end]) + space * (end - start - 1)
        options.append((max(widest, line), [*lines, (start, end)]))
    return min(options, key=lambda option: option[0])
