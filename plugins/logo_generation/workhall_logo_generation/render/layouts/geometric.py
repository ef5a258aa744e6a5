"""Variation 6: figures of strict, repeating shapes."""

from __future__ import annotations

from collections.abc import Callable

from workhall_logo_generation.render.art import Art, fill, group, stroke
from workhall_logo_generation.render.color import RGB, distance, legible, mix
from workhall_logo_generation.render.path import Path, Point
from workhall_logo_generation.render.raster import Stencil
from workhall_logo_generation.render.shapes import circle, polar, polygon, rectangle, regular, sector
from workhall_logo_generation.render.studio import Sheet, Studio, stack_present

from .ornaments import ring
from .place import balanced


def minimal(studio: Studio) -> Sheet:
    """Polygons turned into each other, each touching the next."""
    sides, count = studio.dice.pick([(3, 9), (4, 9), (5, 8), (6, 8)])
    turn, radius, parts = 0.0, 300.0, []
    step = 90 / count if sides == 4 else 60 / count * 6 / sides
    for i in range(count):
        color = studio.scheme.main if i == count - 1 else studio.scheme.ink
        parts.append(stroke(regular(sides, radius, turn), color, 5))
        radius *= _inner_ratio(sides, step)
        turn += step
    return _captioned(studio, group(parts))


def bold(studio: Studio) -> Sheet:
    """A poster of tiles: one quarter drawn, then turned about the middle."""
    size, scheme, dice = 160.0, studio.scheme, studio.dice
    bases = dice.shuffled([scheme.ink, scheme.tint, scheme.tint, scheme.main])
    floor, figures = [], []
    for place, base in enumerate(bases):
        x, y = (place % 2 + 0.5) * size, (place // 2 + 0.5) * size
        tile, spin = dice.pick(_TILES), dice.pick([0, 90, 180, 270])
        color = dice.pick([c for c in scheme.colors if distance(c, base) > 0.13])
        square, figure = rectangle(size + 1, size + 1).moved(x, y), tile(size + 0.6).rotated(spin).moved(x, y)
        floor += [fill(square.rotated(90 * turn), base) for turn in range(4)]
        figures += [fill(figure.rotated(90 * turn), color) for turn in range(4)]
    return _captioned(studio, group([*floor, *figures]))


def vintage(studio: Studio) -> Sheet:
    """An eight-pointed quilt star in a ring."""
    ink, soft = studio.scheme.ink, studio.scheme.main
    parts = [ring(318, 7, ink), ring(300, 2.5, ink)]
    for i in range(8):
        tip, left, right, foot = (
            polar(268, 45 * i),
            polar(146, 45 * i - 22.5),
            polar(146, 45 * i + 22.5),
            (0.0, 0.0),
        )
        parts += [fill(polygon([tip, right, foot]), ink), fill(polygon([tip, left, foot]), soft)]
        parts.append(fill(rectangle(26, 26).rotated(45).moved(*polar(236, 45 * i + 22.5)), ink))
        parts.append(stroke(polygon([tip, right, foot, left]), studio.scheme.ground, 4))
    core = [fill(regular(8, 62, 22.5), studio.scheme.ground), fill(regular(8, 50, 22.5), soft)]
    return _captioned(studio, group([*parts, *core]))


def modern(studio: Studio) -> Sheet:
    """A hexagon of triangles that shade from one colour into the other."""
    edge, rows = 82.0, 4
    turn, parts = studio.dice.between(0, 360), []
    open_rings = studio.dice.shuffled([1, 2, 3])[: studio.dice.pick([1, 2])]
    for ring_number, points_out, corners in _triangles(rows, edge):
        if ring_number in open_rings and not points_out:
            continue
        x, y = (sum(c[k] for c in corners) / 3 for k in (0, 1))
        along = (x * polar(1, turn)[0] + y * polar(1, turn)[1]) / (rows * edge) / 2 + 0.5
        share = min(max(along + studio.dice.between(-0.16, 0.16), 0), 1)
        color = legible(mix(studio.scheme.main, studio.scheme.second, share), studio.scheme.ground, 1.6)
        parts.append(fill(polygon([(x + (cx - x) * 0.94, y + (cy - y) * 0.94) for cx, cy in corners]), color))
    return _captioned(studio, group(parts))


def playful(studio: Studio) -> Sheet:
    """The initial built from coloured dots and blocks on a grid."""
    line = studio.initial_line(600, 560, studio.initials[:1])
    if line is None:
        return bold(studio)
    box, cell = line.box, 62.0
    columns, lines = max(round(box.width / cell), 1), max(round(box.height / cell), 1)
    cx, cy = box.width / columns, box.height / lines
    parts, stencil = [], Stencil(line.path)
    for i in range(columns * lines):
        x, y = box.left + (i % columns + 0.5) * cx, box.top + (i // columns + 0.5) * cy
        if stencil.share(x, y, cell) >= 0.45:
            parts.append(_bead(studio, cell * 0.94, studio.scheme.colors[(i % columns + i // columns) % 3]).moved(x, y))
    return _captioned(studio, group(parts) if parts else studio.mark(520), repeats_initial=True)


def _captioned(studio: Studio, figure: Art, repeats_initial: bool = False) -> Sheet:
    """The figure with the name small below it."""
    return balanced(studio, stack_present([figure, studio.caption(640, 58, repeats_initial)], 62))


def _inner_ratio(sides: int, step: float) -> float:
    """Radius of a turned polygon whose corners touch the sides of the one around it."""
    inradius = -polar(1, 180 / sides)[1]
    return inradius / -polar(1, 180 / sides - step)[1]


_TILES: tuple[Callable[[float], Path], ...] = (
    lambda s: sector(s, 0, 90).moved(-s / 2, s / 2),
    lambda s: circle(s / 2),
    lambda s: sector(s / 2, -90, 90).moved(0, s / 4),
    lambda s: polygon([(-s / 2, -s / 2), (s / 2, s / 2), (-s / 2, s / 2)]),
    lambda s: sector(s, 0, 90).moved(-s / 2, s / 2) + sector(s * 0.5, 0, 90).moved(-s / 2, s / 2),
)


def _triangles(rows: int, edge: float) -> list[tuple[int, bool, tuple[Point, Point, Point]]]:
    """The triangles of a hexagon with sides of `rows` edges: ring, whether the base lies inside, corners."""
    found = []
    for sextant in range(6):
        at = _grid(polar(edge, 60 * sextant), polar(edge, 60 * sextant + 60))
        for i, j in ((a, b) for a in range(rows) for b in range(rows - a)):
            found.append((i + j, False, (at(i, j), at(i + 1, j), at(i, j + 1))))
            if i:
                found.append((i + j, True, (at(i, j), at(i, j + 1), at(i - 1, j + 1))))
    return found


def _grid(first: Point, second: Point) -> Callable[[int, int], Point]:
    """Points of a skewed grid spanned by two edges."""
    return lambda i, j: (first[0] * i + second[0] * j, first[1] * i + second[1] * j)


def _bead(studio: Studio, size: float, color: RGB) -> Art:
    shape = studio.dice.pick([circle(size / 2), circle(size / 2), rectangle(size, size, size * 0.24)])
    return fill(shape, color)
