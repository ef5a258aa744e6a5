"""Setting text: measured with the real glyphs, tracked, wrapped, fitted into areas or bent along a ring."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

from .art import Art, fill, group
from .color import RGB
from .fonts import Face, face_for
from .path import Box, Path, union_of
from .shapes import polar
from .wrapping import balanced_lines, split_words

SMALLEST = 26.0
"""Font size in pixels below which lettering in a logo is not worth drawing."""


@dataclass(frozen=True)
class Setting:
    """How a kind of text is set: face, extra space between letters (em), capitals, line distance (em)."""

    face: str
    tracking: float = 0.0
    caps: bool = False
    leading: float = 1.12

    def prepared(self, text: str) -> tuple[str, Face]:
        """The text in its case, without what cannot be drawn, and the face that draws it."""
        cased = text.upper() if self.caps else text
        face = face_for(cased, self.face)
        return face.drawable(cased), face


@dataclass(frozen=True)
class Line:
    """Text in one line: its letters as outlines from x = 0, the baseline at y = 0."""

    letters: tuple[Path, ...]
    size: float

    @cached_property
    def path(self) -> Path:
        """All letters in one outline."""
        return reduce(Path.__add__, self.letters)

    @cached_property
    def box(self) -> Box:
        """Extent of the ink."""
        return union_of(letter.box for letter in self.letters)

    def art(self, color: RGB | str) -> Art:
        """The line in one colour."""
        return fill(self.path, color)


def set_line(text: str, setting: Setting, size: float) -> Line | None:
    """The text in one line at a font size in pixels; None if nothing of it can be drawn."""
    prepared, face = setting.prepared(text)
    letters: list[Path] = []
    pen = 0.0
    for glyph in face.shape(prepared):
        if glyph.outline.segments:
            letters.append(glyph.outline.fitted(size, pen * size, 0))
        pen += glyph.advance + setting.tracking
    return Line(tuple(letters), size) if letters else None


def fit_line(text: str, setting: Setting, width: float, height: float, largest: float = 1000) -> Line | None:
    """One line as large as width, ink height and `largest` allow."""
    probe = set_line(text, setting, 100)
    if probe is None:
        return None
    box = probe.box
    return set_line(text, setting, min(largest, 100 * width / max(box.width, 1), 100 * height / max(box.height, 1)))


def set_block(
    text: str, setting: Setting, width: float, height: float, largest: float, most_lines: int = 4
) -> list[Line]:
    """The text in the number of lines that allows the largest lettering; empty if nothing can be drawn.

    Text too long to be legible even so is cut after the last word that fits.
    """
    prepared, face = setting.prepared(text)
    words = split_words(prepared)

    def layout(count: int) -> tuple[float, list[str]]:
        """Font size and lines for the first `count` words."""
        area = (width, height, largest)
        found = [_layout(words[:count], face, setting, area, lines) for lines in range(1, most_lines + 1)]
        return max(found, key=lambda option: option[0] * (1 - 0.13 * min(len(option[1]) - 1, 2)))

    fitting = bisect_left(range(1, len(words)), True, key=lambda count: layout(count + 1)[0] < SMALLEST) + 1
    size, texts = layout(fitting)
    lines = [set_line(part, setting, size) for part in texts]
    return [line for line in lines if line]


def block_art(lines: Sequence[Line], setting: Setting, color: RGB | str, align: float = 0.5) -> Art:
    """Lines below each other; `align` is 0 for flush left, 0.5 for centred."""
    parts = []
    for place, line in enumerate(lines):
        box = line.box
        art = line.art(color)
        parts.append(art.moved(-box.left - align * box.width, place * setting.leading * line.size))
    return group(parts)


def ring_letters(
    text: str, setting: Setting, size: float, radius: float, middle: float, inward: bool = False
) -> list[Path]:
    """Letters along a circle about the origin, centred on a direction in degrees.

    The baseline lies on the radius; `inward` turns the feet outwards, for the lower half of a badge.
    """
    line = set_line(text, setting, size)
    if line is None:
        return []
    box, sign = line.box, -1 if inward else 1
    placed = []
    for letter in line.letters:
        offset = letter.box.center[0] - box.center[0]
        degrees = middle + sign * math.degrees(offset / radius)
        x, y = polar(radius, degrees)
        upright = letter.moved(-letter.box.center[0], 0).rotated(degrees + (180 if inward else 0))
        placed.append(upright.moved(x, y))
    return placed


def ring_size(text: str, setting: Setting, radius: float, degrees: float, largest: float) -> float:
    """Font size at which the text covers at most this part of a ring."""
    prepared, face = setting.prepared(text)
    width = face.width(prepared, setting.tracking)
    return min(largest, radius * math.radians(degrees) / width) if width else 0.0


def _layout(
    words: Sequence[str], face: Face, setting: Setting, area: tuple[float, float, float], count: int
) -> tuple[float, list[str]]:
    """The font size at which the words fit into `count` lines of an area (width, height, largest size)."""
    width, height, largest = area
    texts = balanced_lines(words, count, lambda part: face.width(part, setting.tracking))
    widest = max((face.width(part, setting.tracking) for part in texts), default=0.0)
    size = min(largest, width / max(widest, 0.01), height / (0.8 + setting.leading * (len(texts) - 1)))
    return size, texts
