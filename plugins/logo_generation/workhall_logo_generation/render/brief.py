"""What a logo is asked for: the brief, and the eight variations every batch walks through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LogoStyle = Literal["minimal", "bold", "vintage", "modern", "playful"]


@dataclass(frozen=True)
class LogoBrief:
    """The brand facts a picture is drawn from.

    `color_palette` takes free strings (`#RGB`, `#RRGGBB`, CSS names); an unreadable one becomes a
    stable colour of its own. Any Unicode is welcome in the texts: what no font can draw is left out.
    """

    brand_name: str
    logo_style: LogoStyle
    color_palette: tuple[str, ...]
    brand_vision: str
    archetype: str | None = None


@dataclass(frozen=True)
class Variation:
    """One of the eight compositions: its short name and the sentence that describes it to an image model."""

    name: str
    prompt: str


VARIATIONS: tuple[Variation, ...] = (
    Variation("icon", "Let one abstract symbol carry the whole design, without any lettering."),
    Variation("lettermark", "Build the mark from the initials of the brand alone."),
    Variation("emblem", "Arrange name and symbol inside a closed badge, like a seal or crest."),
    Variation("wordmark", "Set the name itself as the logo: spare, modern, carried by its letters."),
    Variation("combination", "Pair a symbol with the written name so that each also works alone."),
    Variation("geometric", "Construct an abstract figure from strict, repeating geometric shapes."),
    Variation("organic", "Draw with loose, living lines, as if made by hand with brush or pen."),
    Variation("negative-space", "Let the figure appear in the space the other shape leaves empty."),
)
"""The eight variations in the order of the requirements (logo generation worker); index n takes n % 8."""


def variation_for(index: int) -> Variation:
    """The variation the logo with this 0-based index is drawn in."""
    return VARIATIONS[index % len(VARIATIONS)]
