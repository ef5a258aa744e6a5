"""Pieces of a drawing that know how large they are, and how they are put side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from .color import RGB
from .path import Box, Path, number, union_of

CANVAS = 1024
"""Edge of the square picture, in canvas units and pixels."""


@dataclass(frozen=True)
class Art:
    """SVG markup and the extent of its visible ink."""

    svg: str
    box: Box

    def moved(self, dx: float, dy: float) -> Art:
        """Shifted."""
        return Art(f'<g transform="translate({number(dx)} {number(dy)})">{self.svg}</g>', self.box.moved(dx, dy))

    def centered(self, x: float, y: float) -> Art:
        """Shifted so that the middle of its ink lies on (x, y)."""
        cx, cy = self.box.center
        return self.moved(x - cx, y - cy)

    def scaled(self, factor: float) -> Art:
        """Scaled about the origin, strokes included."""
        return Art(f'<g transform="scale({factor:.4f})">{self.svg}</g>', self.box.scaled(factor))

    def turned(self, degrees: float) -> Art:
        """Turned about the middle of its ink; the extent is kept as it was (for small angles)."""
        cx, cy = self.box.center
        turn = f"rotate({number(degrees)} {number(cx)} {number(cy)})"
        return Art(f'<g transform="{turn}">{self.svg}</g>', self.box)

    def within(self, width: float, height: float) -> Art:
        """Scaled down, if need be, to fit an area."""
        factor = min(1.0, width / max(self.box.width, 1), height / max(self.box.height, 1))
        return self if factor == 1 else self.scaled(factor)


def fill(path: Path, color: RGB | str, opacity: float = 1, hole: bool = False) -> Art:
    """A filled outline; `hole` lets overlapping contours cut each other out (even-odd)."""
    paint = color if isinstance(color, str) else color.hex
    extra = ' fill-rule="evenodd"' if hole else ""
    extra += f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
    return Art(f'<path d="{path.data}" fill="{paint}"{extra}/>', path.box)


def stroke(path: Path, color: RGB | str, width: float, inside: RGB | None = None, dash: str = "") -> Art:
    """A drawn outline with round joins and ends, empty or filled with `inside`."""
    paint = color if isinstance(color, str) else color.hex
    extra = f' stroke-dasharray="{dash}"' if dash else ""
    body = f'<path d="{path.data}" fill="{inside.hex if inside else "none"}" stroke="{paint}"'
    body += f' stroke-width="{number(width)}" stroke-linejoin="round" stroke-linecap="round"{extra}/>'
    return Art(body, path.box.grown(width / 2))


def group(parts: Sequence[Art]) -> Art:
    """Several pieces on top of each other, first at the bottom; at least one is needed."""
    return Art("".join(part.svg for part in parts), union_of(part.box for part in parts))


def clipped(art: Art, outline: Path, hole: bool = False) -> Art:
    """Only what lies within the outline."""
    name = _name("c", outline.data)
    rule = ' clip-rule="evenodd"' if hole else ""
    clip = f'<clipPath id="{name}"><path d="{outline.data}"{rule}/></clipPath>'
    return Art(f'{clip}<g clip-path="url(#{name})">{art.svg}</g>', outline.box)


def gradient(start: RGB, end: RGB, box: Box) -> tuple[str, str]:
    """A diagonal blend across a box: its definition and the paint that refers to it."""
    ends = f'x1="{number(box.left)}" y1="{number(box.top)}" x2="{number(box.right)}" y2="{number(box.bottom)}"'
    name = _name("g", start.hex + end.hex + ends)
    stops = f'<stop offset="0" stop-color="{start.hex}"/><stop offset="1" stop-color="{end.hex}"/>'
    markup = f'<linearGradient id="{name}" gradientUnits="userSpaceOnUse" {ends}>{stops}</linearGradient>'
    return markup, f"url(#{name})"


def blend(path: Path, start: RGB, end: RGB, box: Box | None = None, hole: bool = False) -> Art:
    """An outline filled with a diagonal blend."""
    markup, paint = gradient(start, end, box or path.box)
    art = fill(path, paint, hole=hole)
    return Art(markup + art.svg, art.box)


def stack(parts: Sequence[Art], gap: float, align: float = 0.5) -> Art:
    """Top to bottom; `align` is 0 for flush left, 0.5 for centred, 1 for flush right."""
    placed: list[Art] = []
    top = 0.0
    for part in parts:
        left = -align * part.box.width
        placed.append(part.moved(left - part.box.left, top - part.box.top))
        top = placed[-1].box.bottom + gap
    return group(placed)


def row(parts: Sequence[Art], gap: float) -> Art:
    """Left to right, centred on one line."""
    placed: list[Art] = []
    left = 0.0
    for part in parts:
        placed.append(part.moved(left - part.box.left, -part.box.center[1]))
        left = placed[-1].box.right + gap
    return group(placed)


def document(ground: RGB | None, parts: Sequence[Art]) -> str:
    """The whole picture as SVG text; without a ground it stays transparent."""
    size = f'width="{CANVAS}" height="{CANVAS}" viewBox="0 0 {CANVAS} {CANVAS}"'
    base = f'<rect width="{CANVAS}" height="{CANVAS}" fill="{ground.hex}"/>' if ground else ""
    body = "".join(part.svg for part in parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{base}{body}</svg>'


def _name(prefix: str, content: str) -> str:
    """An element id that follows from the content, so that equal definitions may share it."""
    return prefix + hashlib.sha256(content.encode()).hexdigest()[:12]
