"""Turning SVG into pixels, and asking pixels what a shape covers."""

from __future__ import annotations

import io

import resvg_py
from PIL import Image

from .path import Path

_STENCIL = 256


def rasterize(svg: str) -> bytes:
    """PNG bytes of an SVG text at its own size; fonts and files of the host are never touched."""
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True))


class Stencil:
    """Answers whether points lie inside an outline, from a small picture of it."""

    def __init__(self, path: Path) -> None:
        """Draw the outline once; points are asked for in its own units."""
        self._box = path.box
        self._scale = (_STENCIL - 2) / max(self._box.width, self._box.height, 1)
        shape = path.moved(-self._box.left, -self._box.top).scaled(self._scale)
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_STENCIL}" height="{_STENCIL}">'
        picture = Image.open(io.BytesIO(rasterize(f'{svg}<path d="{shape.data}"/></svg>')))
        self._alpha = picture.getchannel("A").tobytes()

    def covers(self, x: float, y: float) -> bool:
        """Whether the point lies inside the outline."""
        column, line = int((x - self._box.left) * self._scale), int((y - self._box.top) * self._scale)
        inside = 0 <= column < _STENCIL and 0 <= line < _STENCIL
        return inside and self._alpha[line * _STENCIL + column] > 127

    def share(self, x: float, y: float, cell: float) -> float:
        """How much of a square cell about the point is covered, 0-1."""
        offsets = [cell * step for step in (-0.4, -0.2, 0.0, 0.2, 0.4)]
        return sum(self.covers(x + dx, y + dy) for dx in offsets for dy in offsets) / len(offsets) ** 2
