"""Motifs of technology, growth and people."""

from __future__ import annotations

from workhall_logo_generation.render.dice import Dice
from workhall_logo_generation.render.shapes import (
    arc,
    band,
    circle,
    polar,
    polygon,
    polyline,
    rectangle,
    rounded,
    smooth,
)

from .model import Piece, Symbol, accent, cut, gap, line, main, rib, second


def nodes(dice: Dice) -> Symbol:
    """Points joined by lines around a middle."""
    count = dice.pick([5, 6])
    outer = [polar(80, 360 / count * i) for i in range(count)]
    spokes = [line(polyline([(0, 0), point]), 8) for point in outer]
    rim = [line(polyline([outer[i], outer[(i + 1) % count]]), 8) for i in range(0, count, 2)]
    dots = [second(circle(20, *point)) if i % 2 else main(circle(20, *point)) for i, point in enumerate(outer)]
    return Symbol("nodes", (*rim, *spokes, *dots, accent(circle(26))))


def circuit(dice: Dice) -> Symbol:
    """Conductors that rise, spread and end in dots."""
    levels = dice.pick([(0, 34, 34, 0), (34, 0, 0, 34)])
    pieces: list[Piece] = []
    for i, (foot, end) in enumerate(((-27, -84), (-9, -28), (9, 28), (27, 84))):
        bend, top = 44 - 0.55 * levels[i], -78 + levels[i]
        turn = bend - abs(end - foot)
        pieces.append(line(polyline([(foot, 96), (foot, bend), (end, turn), (end, top)]), 10))
        pieces.append((accent if i in (1, 2) else main)(circle(17, end, top)))
    return Symbol("circuit", (*pieces, main(rectangle(88, 16, 8).moved(0, 96))))


def hive(dice: Dice) -> Symbol:
    """Seven cells of a comb."""
    cells = [(0.0, 0.0)] + [polar(62, 30 + 60 * i) for i in range(6)]
    missing = dice.pick([1, 3, 5])
    pieces = []
    for i, (x, y) in enumerate(cells):
        path = rounded([(px + x, py + y) for px, py in (polar(31, 60 * k) for k in range(6))], 5)
        pieces.append(accent(path) if i == 0 else second(path) if i in (missing, missing + 1) else main(path))
    return Symbol("hive", tuple(pieces))


def signal(dice: Dice) -> Symbol:
    """Waves that leave a source."""
    turn = dice.pick([0, 45])
    bands = [band(44 + 34 * i, 26 + 34 * i, -42, 42).rotated(turn) for i in range(3)]
    pieces = [main(bands[0]), second(bands[1]), main(bands[2])]
    return Symbol("signal", (*pieces, accent(circle(17))))


def bars(dice: Dice) -> Symbol:
    """Growing columns under a rising line."""
    count = dice.pick([3, 4])
    width = 150 / count
    columns = []
    for i in range(count):
        height = 60 + 92 * i / (count - 1)
        column = rectangle(width, height, 7).moved(-100 + width / 2 + (200 - width) * i / (count - 1), 100 - height / 2)
        columns.append(second(column) if i % 2 else main(column))
    arrow = smooth([(-92, 4), (-30, -26), (14, -58), (44, -92)], closed=False)
    return Symbol("bars", (*columns, line(arrow, 11), accent(circle(14, 50, -98))))


def cube(dice: Dice) -> Symbol:
    """A block seen from its corner, its faces in three tones."""
    corner = [polar(100, 60 * i) for i in range(6)]
    faces = [
        main(polygon([corner[0], corner[1], (0, 0), corner[5]])),
        second(polygon([corner[1], corner[2], corner[3], (0, 0)])),
        accent(polygon([corner[3], corner[4], corner[5], (0, 0)])),
    ]
    seams = [rib(polyline([(0, 0), corner[i]]), 8) for i in (1, 3, 5)]
    core = polygon([(x * 0.4, y * 0.4) for x, y in corner])
    return Symbol("cube", (*faces, *seams, cut(core)) if dice.chance(0.5) else (*faces, *seams))


def bubble(dice: Dice) -> Symbol:
    """A speech bubble that smiles."""
    outline = circle(92)
    tail = polygon([(-70, 50), (-84, 106), (-20, 84)])
    smile = arc(46, 118, 242).moved(0, -2)
    eyes = [circle(11, x, -20) for x in (-30, 30)]
    side = dice.pick([1, -1])
    pieces = (main(tail.scaled(side, 1)), main(outline), rib(smile, 15), *(cut(eye) for eye in eyes))
    return Symbol("bubble", pieces)


def people(dice: Dice) -> Symbol:
    """Figures in a circle, arm in arm."""
    count = dice.pick([3, 4, 5])
    pieces: list[Piece] = []
    for i in range(count):
        body = band(66, 40, -30 * 3.4 / count - 8, 30 * 3.4 / count + 8).moved(0, 0)
        parts = (body.rotated(360 / count * i), circle(21).moved(0, -84).rotated(360 / count * i))
        pieces += [(second if i % 2 else main)(part) for part in parts]
    return Symbol("people", (*pieces, accent(circle(15))))


def knot(dice: Dice) -> Symbol:
    """Links of a chain that hold each other."""
    size = dice.between(62, 68)
    left, right = circle(size, -size * 0.62, 0), circle(size, size * 0.62, 0)
    over = arc(size, 300, 420).moved(-size * 0.62, 0)
    return Symbol("knot", (line(left, 20), gap(right, 34), line(right, 20), gap(over, 34), line(over, 20)))


def arrow(dice: Dice) -> Symbol:
    """A paper plane on its way."""
    tilt = dice.between(-4, 8)
    upper = polygon([(-100, -2), (100, -84), (-22, 26)]).rotated(tilt)
    lower = polygon([(100, -84), (44, 88), (-22, 26)]).rotated(tilt)
    fold = polygon([(-22, 26), (-30, 86), (4, 50)]).rotated(tilt)
    seam = rounded([(-22, 26), (100, -84), (-20, 28)], 1).rotated(tilt)
    return Symbol("plane", (accent(fold), main(upper), second(lower), rib(seam, 5)))
