"""Variation 7: living, hand-drawn lines."""

from __future__ import annotations

import math

from workhall_logo_generation.render.art import Art, fill, group, stroke
from workhall_logo_generation.render.path import Point
from workhall_logo_generation.render.shapes import blob, circle, ellipse, leaf, polar, smooth
from workhall_logo_generation.render.studio import Sheet, Studio, stack_present

from .brushwork import sweep
from .ornaments import rule
from .place import balanced


def minimal(studio: Studio) -> Sheet:
    """A flower, stem and leaf in one continuous line."""
    petals = studio.dice.pick([5, 7])
    lean = studio.dice.pick([-1, 1])
    points: list[Point] = []
    for i in range(petals * 24 + 1):
        t = math.pi * i / (petals * 24)
        r = 165 * math.cos(petals * t) * (1 + 0.06 * math.sin(5 * t + 1))
        points.append((r * math.cos(t + 0.3), r * math.sin(t + 0.3) * 0.94))
    stem = [(12 * lean, 190), (22 * lean, 260), (8 * lean, 330), (-14 * lean, 410)]
    twig = leaf(74, 150).rotated(52 * lean).moved(12 * lean, 320)
    scheme = studio.scheme
    flower = [
        stroke(smooth(points), scheme.ink, 7),
        stroke(smooth([(0.0, 0.0), (6 * lean, 90), *stem], closed=False), scheme.ink, 7),
    ]
    return _signed(studio, group([*flower, stroke(twig, scheme.ink, 7), fill(circle(19), scheme.main)]))


def bold(studio: Studio) -> Sheet:
    """A ring of one sweep of the brush around the initial."""
    dice, scheme = studio.dice, studio.scheme
    start = dice.between(20, 70)
    parts = [fill(sweep(dice, 236, start, 312, 74), scheme.main)]
    parts += [fill(sweep(dice, 196 - 13 * i, start + 14 + 9 * i, 236 - 40 * i, 8), scheme.main) for i in range(2)]
    parts.append(fill(sweep(dice, 286, start + 120, 96, 12), scheme.second))
    return _signed(studio, group([*parts, studio.letter(250, 215, scheme.ink).centered(0, 0)]))


def vintage(studio: Studio) -> Sheet:
    """A wreath of two branches around the initial."""
    scheme = studio.scheme
    parts: list[Art] = []
    for side in (-1, 1):
        spine = smooth([_mirrored(polar(262, a), side) for a in range(186, 345, 12)], closed=False)
        parts.append(stroke(spine, scheme.ink, 6))
        parts += [_twig(studio, angle, side) for angle in range(192, 344, 15)]
    tie = [fill(ellipse(34, 15).rotated(24 * side).moved(30 * side, 268), scheme.caption) for side in (-1, 1)]
    middle = studio.letter(270, 230, scheme.ink).centered(0, 0)
    return _signed(studio, group([*parts, *tie, fill(circle(13, 0, 262), scheme.ink), middle]))


def modern(studio: Studio) -> Sheet:
    """Soft shapes that flow into each other."""
    turn = studio.dice.between(0, 360)
    parts = []
    for i, color in enumerate(studio.scheme.colors):
        shape = blob(studio.dice, 212, 0.18, 6).moved(*polar(104, turn + 120 * i))
        parts.append(fill(shape, color, opacity=0.74))
    core = fill(blob(studio.dice, 136, 0.06, 6), studio.scheme.ground)
    return _signed(studio, group([*parts, core, studio.mark(164)]))


def playful(studio: Studio) -> Sheet:
    """Wobbly flowers that grow from a hill."""
    scheme = studio.scheme
    heights = studio.dice.shuffled([210.0, 310.0, 260.0])
    plants = [_plant(studio, i, x, heights[i]) for i, x in enumerate((-190.0, 6.0, 196.0))]
    hill = smooth([(-330, 236), (-290, 172), (-140, 122), (0, 146), (150, 116), (296, 170), (330, 236), (0, 262)])
    return _signed(studio, group([*plants, fill(hill, scheme.ink)]))


def _signed(studio: Studio, figure: Art) -> Sheet:
    """The figure with the name below it."""
    name = studio.caption(680, 72, repeats_initial=studio.style in ("bold", "vintage"))
    line = rule(200, 3.5, studio.scheme.caption) if studio.style == "vintage" and name else None
    return balanced(studio, stack_present([figure, line, name], 40 if line else 56))


def _twig(studio: Studio, angle: float, side: int) -> Art:
    """A pair of leaves on the wreath, the outer one larger."""
    x, y = polar(262, angle)
    outer = leaf(32, 88).rotated(angle + 90 - 40).moved(x, y)
    inner = leaf(27, 66).rotated(angle + 90 + 40).moved(x, y)
    paths = [path.scaled(side, 1) for path in (outer, inner)]
    return group([fill(paths[0], studio.scheme.ink), fill(paths[1], studio.scheme.main)])


def _plant(studio: Studio, place: int, x: float, height: float) -> Art:
    scheme, side = studio.scheme, (-1) ** place
    stem = smooth([(x, 200), (x + 14 * side, 130 - height * 0.4), (x - 6 * side, 140 - height)], closed=False)
    twig = leaf(60, 108).rotated(56 * side).moved(x + 8 * side, 110 - height * 0.16)
    core, petal = scheme.colors[(place + 1) % 3], scheme.colors[place % 3]
    petals = [blob(studio.dice, 36, 0.12, 6).moved(*polar(50, 60 * i)) for i in range(6)]
    head = group([*(fill(path, petal) for path in petals), fill(circle(33), core)])
    return group([stroke(stem, scheme.ink, 13), fill(twig, scheme.ink), head.moved(x - 6 * side, 130 - height)])


def _mirrored(point: Point, side: int) -> Point:
    return (point[0] * side, point[1])
