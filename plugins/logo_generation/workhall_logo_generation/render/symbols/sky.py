"""Motifs of sky and light."""

from __future__ import annotations

import math

from workhall_logo_generation.render.dice import Dice
from workhall_logo_generation.render.path import Path, Point
from workhall_logo_generation.render.shapes import (
    arc,
    circle,
    polar,
    polygon,
    polyline,
    rectangle,
    sector,
    smooth,
    sparkle,
    star,
)

from .model import Piece, Symbol, accent, cut, gap, line, main, second


def sun(dice: Dice) -> Symbol:
    """A disc with rays."""
    count = dice.pick([8, 12, 16])
    width = 250 / count
    ray = dice.pick(
        [
            rectangle(width * 0.62, 32, width),
            polygon([(-width * 0.62, 16), (0, -22), (width * 0.62, 16)]),
        ]
    )
    rays = [ray.moved(0, -82).rotated(360 / count * i) for i in range(count)]
    joined = Path(tuple(segment for path in rays for segment in path.segments))
    return Symbol("sun", (main(joined), second(circle(49))))


def sunrise(dice: Dice) -> Symbol:
    """Half a sun over the horizon."""
    count = dice.pick([5, 7, 9])
    rays = [
        rectangle(11 if count > 5 else 14, 34, 7).moved(0, -92).rotated(-90 + 180 * (i + 0.5) / count)
        for i in range(count)
    ]
    bars = [rectangle(200 - 50 * i, 12, 6).moved(0, 28 + 27 * i) for i in range(3)]
    return Symbol("sun", (*(second(ray) for ray in rays), main(sector(60, -90, 90)), *(main(bar) for bar in bars)))


def moon(dice: Dice) -> Symbol:
    """A crescent with a star."""
    shift = dice.between(34, 42)
    crescent = _crescent(96, 78, shift)
    return Symbol("moon", (main(crescent), accent(sparkle(4, 34, 8).moved(46, -34))))


def spark(dice: Dice) -> Symbol:
    """A large sparkle with one or two small ones."""
    pieces = [main(sparkle(4, 92, 17).moved(-12, 10)), accent(sparkle(4, 36, 7).moved(66, -66))]
    if dice.chance(0.5):
        pieces.append(second(sparkle(4, 24, 5).moved(64, 72)))
    return Symbol("spark", tuple(pieces))


def compass(dice: Dice) -> Symbol:
    """A compass rose, each tip in a light and a dark half."""
    minor = star(4, 72, 30, 45)
    pieces: list[Piece] = [second(minor)] if dice.chance(0.6) else []
    for i in range(4):
        tip, left, right = polar(100, 90 * i), polar(33, 90 * i - 45), polar(33, 90 * i + 45)
        pieces += [main(polygon([tip, right, (0, 0)])), second(polygon([tip, left, (0, 0)]))]
    return Symbol("compass", (*pieces, cut(circle(8))))


def bolt(dice: Dice) -> Symbol:
    """A flash, alone or on a disc."""
    flash: list[Point] = [(22, -100), (-56, 14), (-8, 14), (-24, 100), (58, -26), (8, -26)]
    if dice.chance(0.5):
        return Symbol("bolt", (main(circle(100)), cut(polygon(flash).scaled(0.74))))
    return Symbol(
        "bolt",
        (
            main(polygon(flash)),
            second(polygon([(92, -84), (62, -42), (82, -42), (70, -2), (104, -54), (84, -54)])),
        ),
    )


def mountain(dice: Dice) -> Symbol:
    """Two peaks and a sun."""
    peak = dice.between(-26, -14)
    front = [(peak, -66.0), (92 + peak, 80.0), (-92 + peak, 80.0)]
    snow = [
        (peak, -66.0),
        (peak + 29, -20.0),
        (peak + 12, -30),
        (peak, -12),
        (peak - 13, -30),
        (peak - 29, -20.0),
    ]
    back = polygon([(56, -18), (118, 80), (-10, 80)])
    return Symbol(
        "mountain",
        (
            second(back),
            gap(polyline([front[0], front[1]]), 12),
            main(polygon(front)),
            cut(polygon(snow).moved(0, 13)),
            accent(circle(21, 62, -62)),
        ),
    )


def orbit(dice: Dice) -> Symbol:
    """A planet with its ring and a moon."""
    tilt = dice.between(-28, -18)
    ring, front = (_ellipse_arc(106, 34, start, end).rotated(tilt) for start, end in ((0, 360), (96, 264)))
    planet = (line(ring, 11), gap(circle(60), 12), main(circle(60)))
    return Symbol("orbit", (*planet, gap(front, 27), line(front, 11), accent(circle(14, 66, -78))))


def rays(dice: Dice) -> Symbol:
    """A burst of beams around an empty middle."""
    count = dice.pick([12, 16, 20])
    beams = []
    for i in range(count):
        outer = 100 if i % 2 == 0 else 74
        a, b, w = 360 / count * i, 34, 1100 / count / 10
        beams.append(
            polygon([polar(b, a - w), polar(outer, a - w * 0.55), polar(outer, a + w * 0.55), polar(b, a + w)])
        )
    return Symbol("sun", tuple(main(beam) if i % 2 == 0 else second(beam) for i, beam in enumerate(beams)))


def _crescent(radius: float, inner: float, shift: float) -> Path:
    """A disc without another disc that is shifted to the upper right."""
    apart = shift
    along = (radius * radius - inner * inner + apart * apart) / (2 * apart)
    half = math.degrees(math.acos(along / radius))
    inner_half = math.degrees(math.acos((along - apart) / inner))
    outside = arc(radius, 90 + half, 450 - half)
    inside = arc(inner, 450 - inner_half, 90 + inner_half).moved(apart, 0)
    joined = Path((*outside.segments, ("L", inside.segments[0][1]), *inside.segments[1:], ("Z", ())))
    return joined.rotated(-35)


def _ellipse_arc(rx: float, ry: float, start: float, end: float) -> Path:
    steps = 36
    points = [polar(1, start + (end - start) * i / steps) for i in range(steps + 1)]
    return smooth([(x * rx, y * ry) for x, y in points], closed=False)
