"""How each style renders a symbol: as lines, solid, engraved, in blends, or in many soft colours."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from .art import Art, blend, clipped, fill, group, stroke
from .brief import LogoStyle
from .color import RGB, mix
from .palette import Scheme
from .path import Path
from .shapes import polyline
from .symbols import Piece, Role, Symbol

Finish = Callable[[Symbol, Scheme, float], list[Art]]
"""Draws a symbol about the origin; the last argument is its size in pixels."""


def render_symbol(symbol: Symbol, scheme: Scheme, style: LogoStyle, size: float) -> Art:
    """The symbol about the origin, its longer side `size` pixels."""
    grown = _resized(symbol, size / 200)
    art = group(_FINISHES[style](grown, scheme, size))
    return Art(art.svg, grown.box)


def _resized(symbol: Symbol, factor: float) -> Symbol:
    pieces = tuple(Piece(p.path.scaled(factor), p.role, p.width * factor) for p in symbol.pieces)
    return Symbol(symbol.name, pieces, symbol.sheer)


def _linear(symbol: Symbol, scheme: Scheme, size: float) -> list[Art]:
    """Outlines of one width; accents stay solid."""
    width = max(size * 0.02, 4.0)
    parts = []
    for piece in symbol.pieces:
        if piece.role is Role.ACCENT:
            parts.append(fill(piece.path, scheme.main))
        elif piece.role is Role.GAP:
            parts.append(stroke(piece.path, scheme.ground, width * 3.4))
        elif piece.role in (Role.LINE, Role.RIB):
            parts.append(stroke(piece.path, scheme.ink, width))
        else:
            parts.append(stroke(piece.path, scheme.ink, width, inside=None if symbol.sheer else scheme.ground))
    return parts


def _solid(symbol: Symbol, scheme: Scheme, _size: float) -> list[Art]:
    """Flat areas in strong colours; overlaps of sheer shapes fall open."""
    if symbol.sheer:
        return [fill(_joined(symbol), scheme.main, hole=True)]
    return [_flat(piece, scheme) for piece in symbol.pieces]


def _blended(symbol: Symbol, scheme: Scheme, _size: float) -> list[Art]:
    """Areas filled with a blend over the whole symbol; sheer shapes mix where they overlap."""
    if symbol.sheer:
        colors = (scheme.main, scheme.second)
        return [fill(p.path, colors[i % 2], opacity=0.72) for i, p in enumerate(symbol.pieces)]
    middle = mix(scheme.main, scheme.second, 0.62)
    return [
        blend(piece.path, scheme.main, middle, symbol.box) if piece.role is Role.MAIN else _flat(piece, scheme)
        for piece in symbol.pieces
    ]


def _engraved(symbol: Symbol, scheme: Scheme, size: float) -> list[Art]:
    """Like a woodcut: a light line inside the edge, the second areas hatched."""
    plain = Scheme(scheme.ground, scheme.ink, scheme.ink, scheme.main, scheme.main)
    if symbol.sheer:
        return [fill(_joined(symbol), plain.main, hole=True)]
    parts: list[Art] = []
    for piece in symbol.pieces:
        parts.append(_flat(piece, plain))
        if piece.role is Role.MAIN:
            parts.append(clipped(_inline(piece.path, plain, size * 0.011), piece.path))
        if piece.role is Role.SECOND:
            parts.append(clipped(_hatch(piece.path, plain.ground, size * 0.022), piece.path))
            parts.append(stroke(piece.path, plain.second, size * 0.009))
    return parts


def _soft(symbol: Symbol, scheme: Scheme, size: float) -> list[Art]:
    """Rounded shapes in all the colours."""
    if symbol.sheer:
        return [fill(p.path, scheme.colors[i % 3], opacity=0.86) for i, p in enumerate(symbol.pieces)]
    paints = {Role.MAIN: scheme.main, Role.SECOND: scheme.second, Role.ACCENT: scheme.accent}
    return [
        stroke(piece.path, paints[piece.role], size * 0.016, inside=paints[piece.role])
        if piece.role in paints
        else _flat(piece, scheme)
        for piece in symbol.pieces
    ]


def _flat(piece: Piece, scheme: Scheme) -> Art:
    paints = {
        Role.MAIN: scheme.main,
        Role.SECOND: scheme.second,
        Role.ACCENT: scheme.accent,
        Role.CUT: scheme.ground,
        Role.RIB: scheme.ground,
        Role.GAP: scheme.ground,
        Role.LINE: scheme.main,
    }
    if piece.role in (Role.RIB, Role.GAP, Role.LINE):
        return stroke(piece.path, paints[piece.role], piece.width)
    return fill(piece.path, paints[piece.role])


def _inline(path: Path, scheme: Scheme, gap: float) -> Art:
    """A line of the ground at a constant distance inside the edge (to be clipped to the outline)."""
    return group([stroke(path, scheme.ground, gap * 5), stroke(path, scheme.main, gap * 3)])


def _hatch(path: Path, color: RGB, pitch: float) -> Art:
    box = path.box
    reach = box.width + box.height
    count = int(reach / pitch) + 1
    starts = [(box.left - box.height + pitch * i, box.bottom) for i in range(count)]
    lines = [stroke(polyline([(x, y), (x + box.height, box.top)]), color, pitch * 0.42) for x, y in starts]
    return group(lines)


def _joined(symbol: Symbol) -> Path:
    return reduce(Path.__add__, (piece.path for piece in symbol.pieces))


_FINISHES: dict[LogoStyle, Finish] = {
    "minimal": _linear,
    "bold": _solid,
    "vintage": _engraved,
    "modern": _blended,
    "playful": _soft,
}
