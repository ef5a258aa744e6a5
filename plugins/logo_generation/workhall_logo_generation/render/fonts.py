"""The packaged typefaces and their glyphs, shaped by HarfBuzz.

Only fonts from installed packages are used (never the host's), and text becomes outlines before it
reaches the SVG: the pictures are the same on every host, and no text of a user is ever markup.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import uharfbuzz as hb  # type: ignore[import-untyped]

from .path import Path, Point, Segment

_MANROPE = "font_manrope/files/Manrope-{}.ttf"
_SERIF = "font_source_serif_pro/files/SourceSerifPro-{}.ttf"
_ROUND = "font_fredoka_one/files/FredokaOne-Regular.ttf"

FALLBACKS = (_MANROPE.format("SemiBold"), _SERIF.format("Semibold"))
"""Faces with more alphabets, asked when a style's own face lacks letters."""


def manrope(weight: str) -> str:
    """The geometric sans in one of its weights."""
    return _MANROPE.format(weight)


def serif(weight: str) -> str:
    """The bookish serif in one of its weights."""
    return _SERIF.format(weight)


def rounded_face() -> str:
    """The soft, friendly face."""
    return _ROUND


@dataclass(frozen=True)
class Glyph:
    """One shaped letter: outline in em units (y down, baseline at 0), and how far the pen moves on."""

    outline: Path
    advance: float


@dataclass(frozen=True)
class Face:
    """A loaded typeface."""

    location: str
    font: hb.Font
    upem: int
    letters: frozenset[int]

    def has(self, text: str) -> bool:
        """Whether every character can be drawn."""
        return all(ord(character) in self.letters for character in text)

    def drawable(self, text: str) -> str:
        """The text without what the face cannot draw; accents it lacks are dropped from their letters."""
        kept = "".join(self._nearest(character) for character in unicodedata.normalize("NFC", text))
        return " ".join(kept.split())

    def shape(self, text: str) -> list[Glyph]:
        """The letters of one line with kerning, ligatures off (tracked lettering has none)."""
        return [Glyph(_outline(self.location, glyph), advance) for glyph, advance in self._shaped(text)]

    def width(self, text: str, tracking: float) -> float:
        """How far the pen moves over a line, in em; quicker than shaping it."""
        advances = [advance + tracking for _, advance in self._shaped(text)]
        return max(sum(advances) - tracking, 0)

    @property
    def cap_height(self) -> float:
        """Height of a capital H in em."""
        return -self.shape("H")[0].outline.box.top

    def _nearest(self, character: str) -> str:
        if character.isspace():
            return " "
        base = unicodedata.normalize("NFKD", character)
        candidates = (character, base, base[:1])
        return next((c for c in candidates if c.isprintable() and self.has(c)), "")

    def _shaped(self, text: str) -> list[tuple[int, float]]:
        if not text:
            return []
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        hb.shape(self.font, buffer, {"kern": True, "liga": False, "clig": False})
        pairs = zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
        return [(info.codepoint, place.x_advance / self.upem) for info, place in pairs]


@lru_cache(maxsize=16)
def load_face(location: str) -> Face:
    """The face in a font package, given as `package/folder/file`."""
    package, _, inner = location.partition("/")
    face = hb.Face(files(package).joinpath(inner).read_bytes())
    return Face(location, hb.Font(face), face.upem, frozenset(face.unicodes))


def face_for(text: str, location: str) -> Face:
    """The wished face, or the first fallback that draws more of the text."""
    faces = [load_face(place) for place in (location, *FALLBACKS)]
    return max(faces, key=lambda face: sum(ord(character) in face.letters for character in text))


@lru_cache(maxsize=1024)
def _outline(location: str, glyph: int) -> Path:
    face, pen = load_face(location), _Pen()
    face.font.draw_glyph_with_pen(glyph, pen)
    outline = Path(tuple(pen.segments)).scaled(1 / face.upem, -1 / face.upem)
    _ = outline.box  # measured once here, carried along by every copy
    return outline


class _Pen:
    """Collects the outline HarfBuzz draws; quadratic curves become cubic ones."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self._at: Point = (0, 0)

    def moveTo(self, point: Point) -> None:
        self._add("M", point)

    def lineTo(self, point: Point) -> None:
        self._add("L", point)

    def curveTo(self, *points: Point) -> None:
        self._add("C", *points)

    def qCurveTo(self, control: Point, end: Point) -> None:
        (x0, y0), (cx, cy), (x1, y1) = self._at, control, end
        first = (x0 + (cx - x0) * 2 / 3, y0 + (cy - y0) * 2 / 3)
        self._add("C", first, (x1 + (cx - x1) * 2 / 3, y1 + (cy - y1) * 2 / 3), end)

    def closePath(self) -> None:
        self.segments.append(("Z", ()))

    def endPath(self) -> None:
        """Open contours do not occur in fonts."""

    def _add(self, command: str, *points: Point) -> None:
        self.segments.append((command, points))
        self._at = points[-1]
