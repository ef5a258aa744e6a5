"""Motifs that show nothing in particular: figures of rhythm and symmetry."""

from __future__ import annotations

from workhall_logo_generation.render.dice import Dice
from workhall_logo_generation.render.path import Path
from workhall_logo_generation.render.shapes import band, circle, ellipse, leaf, polar, polygon, rectangle, sector

from .model import Symbol, accent, alternating, main, second


def petals(dice: Dice) -> Symbol:
    """Ellipses turned about one point, shining through each other."""
    count = dice.pick([4, 5, 6])
    petal = ellipse(150 / count + 8, 52).moved(0, -46)
    return Symbol("petals", alternating([petal.rotated(360 / count * i) for i in range(count)]), sheer=True)


def rings(dice: Dice) -> Symbol:
    """Overlapping discs."""
    count = dice.pick([3, 4, 6])
    reach, radius = {3: (40, 58), 4: (44, 54), 6: (48, 50)}[count]
    return Symbol(
        "rings",
        alternating([circle(radius, *polar(reach, 360 / count * i)) for i in range(count)]),
        sheer=True,
    )


def aperture(dice: Dice) -> Symbol:
    """Blades of a shutter."""
    count = dice.pick([5, 6, 8])
    step = 360 / count
    blades = []
    for i in range(count):
        a = step * i
        inner = polar(36, a + step * 1.45)
        blades.append(
            polygon([polar(100, a + 2.5), *(polar(100, a + 2.5 + (step - 5) * k / 6) for k in range(1, 7)), inner])
        )
    return Symbol("aperture", alternating(blades) if count % 2 == 0 else tuple(main(blade) for blade in blades))


def ripples(dice: Dice) -> Symbol:
    """Quarter rings that meet in a corner, mirrored on the diagonal."""
    widths = [(100, 76), (60, 36), (20, 0)]
    first = [band(o, i, 0, 90) if i else sector(o, 0, 90) for o, i in widths]
    opposite = [path.rotated(180) for path in first] if dice.chance(0.5) else []
    shifted = [path.moved(-50, 50) for path in first] if not opposite else first
    pieces = tuple((main, second, accent)[k % 3](path) for k, path in enumerate(shifted))
    return Symbol("ripples", (*pieces, *((second, main, accent)[k % 3](path) for k, path in enumerate(opposite))))


def pinwheel(dice: Dice) -> Symbol:
    """Half leaves or triangles that chase each other."""
    count = dice.pick([4, 6, 8])
    if dice.chance(0.5):
        vane = Path(
            (
                ("M", ((0, 0),)),
                ("C", ((0, -60), (30, -96), (90 - count * 4, -100))),
                ("C", ((70 - count * 3, -60), (30, -30), (0, 0))),
                ("Z", ()),
            )
        )
    else:
        vane = polygon([(0, 0), (0, -100), polar(100, 330 / count)])
    return Symbol("pinwheel", alternating([vane.rotated(360 / count * i) for i in range(count)]))


def chevrons(dice: Dice) -> Symbol:
    """Stacked angles that point upwards."""
    count = dice.pick([3, 4])
    thick = 150 / count
    rows = []
    for i in range(count):
        peak = -100 + thick * 1.16 * i
        low, tail = peak + 62, thick * 0.66
        upper = [(-92.0, low), (0.0, peak), (92.0, low)]
        rows.append(polygon([*upper, *((x, y + tail) for x, y in reversed(upper))]))
    return Symbol("chevrons", tuple((main, second, accent)[i % 3](row) for i, row in enumerate(rows)))


def stripes(dice: Dice) -> Symbol:
    """A disc of bars with round ends, shifted against each other."""
    rows = dice.pick([5, 7])
    height = 200 / rows
    pieces = []
    for i in range(rows):
        y = -100 + height * (i + 0.5)
        half = max((10_000 - y * y) ** 0.5, 30)
        shift = dice.between(-14, 14)
        bar = rectangle(2 * half - 12, height * 0.64, height).moved(shift, y)
        pieces.append((second if i % 3 == 1 else main)(bar))
    return Symbol("stripes", tuple(pieces))


def quatrefoil(dice: Dice) -> Symbol:
    """Four leaves in a cross, with a smaller cross between."""
    big = [leaf(70, 100).rotated(90 * i) for i in range(4)]
    small = [leaf(34, 70).moved(0, -10).rotated(45 + 90 * i) for i in range(4)]
    middle = accent(circle(12)) if dice.chance(0.5) else accent(rectangle(18, 18).rotated(45))
    return Symbol("quatrefoil", (*(second(s) for s in small), *(main(b) for b in big), middle))


def steps(dice: Dice) -> Symbol:
    """Quarter discs in a square of four, turned by lot but balanced."""
    turn = dice.pick([0, 90])
    tiles = []
    for i, (x, y) in enumerate(((-96, -96), (4, -96), (4, 4), (-96, 4))):
        quarter = sector(92, 90, 180) if (i % 2) else circle(46, 46, 46)
        spun = quarter.moved(-46, -46).rotated(turn + 90 * i).moved(46, 46) if i % 2 else quarter
        tiles.append((main, second, main, accent)[i](spun.moved(x, y)))
    return Symbol("steps", tuple(tiles))
