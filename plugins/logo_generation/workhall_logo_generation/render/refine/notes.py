"""What a customer's refinement notes ask for, read from their words."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Literal, TypeVar

from PIL import ImageColor

from workhall_logo_generation.render.color import RGB, parse_color
from workhall_logo_generation.render.palette import GroundKind

FrameKind = Literal["none", "ring", "frame"]
V = TypeVar("V")

_WORD = re.compile(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b|[a-zäöüß]+", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“„«]([^\"”“»]{2,60})[\"”“»]")
_COLOR_WORDS = frozenset({"color", "colors", "colour", "colours", "palette"})
_GROUND_WORDS = frozenset({"background", "ground", "backdrop", "canvas"})


@dataclass(frozen=True)
class Wishes:
    """The changes found in the notes; None means the notes leave it open."""

    colors: tuple[RGB, ...] = ()
    ground: GroundKind | None = None
    ground_color: RGB | None = None
    frame: FrameKind | None = None
    weight: int | None = None
    """1 for bolder lines, -1 for finer ones."""
    contrast: float = 1.0
    saturation: float = 1.0
    brightness: float = 1.0
    warmth: float = 0.0
    """-1 (cool) to 1 (warm)."""
    scale: float | None = None
    tagline: str | None = None
    """A text to add; empty for the brief's own tagline."""
    shadow: bool = False
    keep_colors: bool = False
    monochrome: bool = False


def read_notes(notes: str) -> Wishes:
    """Find the changes the notes ask for; unknown words are passed over."""
    words = [word.lower() for word in _WORD.findall(notes)]
    ground_color, colors = _colors(words)
    named = {word for word in words if word in ImageColor.colormap}
    return Wishes(
        colors=colors,
        ground=_ground(words),
        ground_color=ground_color,
        frame=_first(words, _FRAMES),
        weight=_first(words, _WEIGHTS),
        contrast=_product(words, _CONTRASTS),
        saturation=_product(words, _SATURATIONS),
        brightness=_product(words, _BRIGHTNESS),
        warmth=_sum(words, _WARMTH),
        scale=_first(words, _SCALES),
        tagline=_tagline(notes, words),
        shadow=_mentions(words, {"shadow", "depth", "dimension", "raised"}),
        keep_colors=_mentions(words, {"keep", "same"}) and _mentions(words, _COLOR_WORDS),
        monochrome=_mentions(words, {"monochrome", "grayscale", "greyscale", "mono"}) or named == {"black", "white"},
    )


_FRAMES: dict[str, FrameKind] = {
    "circle": "ring", "round": "ring", "ring": "ring", "badge": "ring", "emblem": "ring", "seal": "ring",
    "frame": "frame", "border": "frame", "framed": "frame", "box": "frame", "square": "frame", "outline": "frame",
}  # fmt: skip
_WEIGHTS: dict[str, int] = {
    "bold": 1, "bolder": 1, "thicker": 1, "thick": 1, "heavier": 1, "stronger": 1, "heavy": 1,
    "thin": -1, "thinner": -1, "finer": -1, "fine": -1, "delicate": -1, "slim": -1, "elegant": -1, "lightweight": -1,
}  # fmt: skip
_CONTRASTS: dict[str, float] = {
    "contrast": 1.25,
    "punchy": 1.2,
    "crisp": 1.2,
    "sharper": 1.2,
    "clearer": 1.15,
    "soft": 0.88,
    "softer": 0.85,
    "gentle": 0.88,
    "subtle": 0.92,
}
_SATURATIONS: dict[str, float] = {
    "vibrant": 1.35, "vivid": 1.35, "colorful": 1.3, "colourful": 1.3, "saturated": 1.3, "brighter": 1.1,
    "playful": 1.15, "muted": 0.6, "pastel": 0.65, "desaturated": 0.45, "vintage": 0.75, "retro": 0.8, "calmer": 0.75,
}  # fmt: skip
_BRIGHTNESS: dict[str, float] = {"brighter": 1.1, "lighter": 1.12, "darker": 0.82, "deeper": 0.88}
_WARMTH: dict[str, float] = {
    "warm": 0.6,
    "warmer": 0.8,
    "cozy": 0.6,
    "vintage": 0.5,
    "retro": 0.5,
    "cool": -0.6,
    "cooler": -0.8,
    "cold": -0.8,
    "fresh": -0.3,
}
_SCALES: dict[str, float] = {
    "bigger": 1.18,
    "larger": 1.18,
    "enlarge": 1.18,
    "smaller": 0.78,
    "shrink": 0.78,
    "space": 0.82,
    "spacing": 0.82,
    "whitespace": 0.8,
    "margin": 0.82,
    "breathing": 0.82,
}


def _first(words: Sequence[str], table: dict[str, V]) -> V | None:
    return next((table[word] for word in words if word in table), None)


def _product(words: Sequence[str], table: dict[str, float]) -> float:
    return math.prod(table[word] for word in dict.fromkeys(words) if word in table)


def _sum(words: Sequence[str], table: dict[str, float]) -> float:
    return max(-1.0, min(1.0, sum(table[word] for word in dict.fromkeys(words) if word in table)))


def _mentions(words: Sequence[str], wanted: Set[str]) -> bool:
    return not wanted.isdisjoint(words)


def _colors(words: Sequence[str]) -> tuple[RGB | None, tuple[RGB, ...]]:
    """A colour asked for the ground (named within two words of "background"), and all others."""
    ground: RGB | None = None
    others: list[RGB] = []
    for place, word in enumerate(words):
        if not (word.startswith("#") or word in ImageColor.colormap):
            continue
        if _GROUND_WORDS.isdisjoint(words[max(place - 2, 0) : place + 3]):
            others.append(parse_color(word))
        else:
            ground = parse_color(word)
    return ground, tuple(dict.fromkeys(others))


def _ground(words: Sequence[str]) -> GroundKind | None:
    if not _mentions(words, _GROUND_WORDS):
        return "dark" if _mentions(words, {"night", "inverted", "invert"}) else None
    kinds: dict[str, GroundKind] = {"dark": "dark", "black": "dark", "light": "light", "white": "light"}
    kinds |= {"brand": "brand", "colored": "brand", "coloured": "brand", "solid": "brand"}
    return _first(words, kinds)


def _tagline(notes: str, words: Sequence[str]) -> str | None:
    if not _mentions(words, {"tagline", "slogan", "text", "caption", "motto", "words", "strapline"}):
        return None
    quoted = _QUOTED.search(notes)
    return quoted.group(1) if quoted else ""
