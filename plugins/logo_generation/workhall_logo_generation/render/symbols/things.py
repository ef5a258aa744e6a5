"""Motifs of made things: houses, cups, books, crowns and the like."""

from __future__ import annotations

from itertools import pairwise

from workhall_logo_generation.render.dice import Dice
from workhall_logo_generation.render.path import Path
from workhall_logo_generation.render.shapes import (
    band,
    circle,
    ellipse,
    polygon,
    polyline,
    rectangle,
    rounded,
    smooth,
    sparkle,
)

from .model import Symbol, accent, cut, gap, line, main, rib, second


def home(dice: Dice) -> Symbol:
    """A gabled house with an arched door."""
    gable = rounded([(0, -96), (96, -14), (96, 92), (-96, 92), (-96, -14)], 10)
    door = _arch(52, 84).moved(0, 92)
    if dice.chance(0.5):
        return Symbol("home", (main(gable), cut(door), accent(circle(13, 0, -28))))
    roof = polyline([(-104, -2), (0, -92), (104, -2)])
    body = polygon([(-70, -4), (0, -64), (70, -4), (70, 92), (-70, 92)])
    return Symbol("home", (second(body), cut(door), line(roof, 20)))


def cup(dice: Dice) -> Symbol:
    """A steaming cup."""
    body = Path(
        (
            ("M", ((-78, -14),)),
            ("L", ((54, -14),)),
            ("C", ((54, 50), (32, 78), (-12, 78))),
            ("C", ((-56, 78), (-78, 50), (-78, -14))),
            ("Z", ()),
        )
    )
    handle = band(38, 22, 0, 180).moved(52, 20)
    saucer = rectangle(152, 12, 6).moved(-12, 94)
    sway = dice.pick([1, -1])
    steam = [
        smooth([(x, -34), (x + 11 * sway, -54), (x - 11 * sway, -78), (x, -100)], closed=False) for x in (-44, -12, 20)
    ]
    return Symbol("cup", (main(handle), main(body), second(saucer), *(line(s, 9) for s in steam)))


def bean(dice: Dice) -> Symbol:
    """One or two coffee beans."""
    tilt = dice.between(24, 40)
    body = ellipse(62, 94)
    seam = smooth([(8, -96), (-14, -44), (10, 4), (-14, 50), (-6, 96)], closed=False)
    if dice.chance(0.5):
        return Symbol("bean", (main(body.rotated(tilt)), rib(seam.rotated(tilt), 11)))
    pieces = [second(body.rotated(-tilt).moved(-52, 8)), rib(seam.rotated(-tilt).moved(-52, 8), 11)]
    pieces += [gap(body.rotated(tilt).moved(48, -6), 20), main(body.rotated(tilt).moved(48, -6))]
    return Symbol("bean", (*pieces, rib(seam.rotated(tilt).moved(48, -6), 11)))


def book(dice: Dice) -> Symbol:
    """An open book with a light above."""
    page = Path(
        (
            ("M", ((4, -30),)),
            ("C", ((28, -52), (66, -56), (100, -48))),
            ("L", ((100, 62),)),
            ("C", ((66, 54), (28, 58), (4, 80))),
            ("Z", ()),
        )
    )
    rules = [smooth([(24, -12 + 24 * i), (50, -22 + 24 * i), (80, -24 + 24 * i)], closed=False) for i in range(3)]
    light = sparkle(4, 28, 6).moved(0, -74) if dice.chance(0.5) else circle(13, 0, -66)
    return Symbol("book", (main(page), second(page.scaled(-1, 1)), *(rib(rule, 6) for rule in rules), accent(light)))


def crown(dice: Dice) -> Symbol:
    """A crown with three or five points."""
    count = dice.pick([3, 5])
    tops = [
        (-92 + 184 * i / (count - 1), -46 - 26 * (1 - abs(i - (count - 1) / 2) / ((count - 1) / 2)))
        for i in range(count)
    ]
    edge = [tops[0]]
    for a, b in pairwise(tops):
        edge += [((a[0] + b[0]) / 2, 2.0), b]
    body = polygon([*edge, (76, 48), (-76, 48)])
    pearls = [circle(11 if count == 5 else 13, x, y - 16) for x, y in tops]
    return Symbol("crown", (main(body), second(rectangle(152, 17, 3).moved(0, 68)), *(accent(p) for p in pearls)))


def shield(dice: Dice) -> Symbol:
    """A shield, parted down the middle, with a chevron."""
    half = Path(
        (
            ("M", ((0, -104),)),
            ("C", ((-26, -88), (-54, -80), (-84, -78))),
            ("L", ((-84, -4),)),
            ("C", ((-84, 52), (-44, 88), (0, 106))),
            ("Z", ()),
        )
    )
    chevron = (
        polyline([(-40, 24), (0, -18), (40, 24)]) if dice.chance(0.6) else polyline([(-38, -2), (-8, 30), (42, -30)])
    )
    return Symbol("shield", (main(half), second(half.scaled(-1, 1)), rib(chevron, 18)))


def heart(dice: Dice) -> Symbol:
    """A heart of two leaning halves."""
    half = Path(
        (
            ("M", ((0, 92),)),
            ("C", ((-66, 44), (-104, 8), (-104, -34))),
            ("C", ((-104, -70), (-78, -90), (-50, -90))),
            ("C", ((-26, -90), (-8, -76), (0, -58))),
            ("Z", ()),
        )
    )
    if dice.chance(0.5):
        return Symbol("heart", (main(half), second(half.scaled(-1, 1))))
    whole = Path((*half.segments[:-1], *((c, tuple((-x, y) for x, y in p)) for c, p in _reversed_half()), ("Z", ())))
    return Symbol("heart", (main(whole), cut(whole.scaled(0.42).moved(0, 8)), accent(whole.scaled(0.24).moved(0, 8))))


def gem(dice: Dice) -> Symbol:
    """A cut stone."""
    top, girdle, tip = -66.0, -18.0, 92.0
    inner = dice.between(34, 44)
    facets = [
        polygon([(-62, top), (-100, girdle), (-inner, girdle)]),
        polygon([(62, top), (100, girdle), (inner, girdle)]),
        polygon([(-inner, girdle), (inner, girdle), (0, tip)]),
    ]
    darker = [
        polygon([(-62, top), (62, top), (inner, girdle), (-inner, girdle)]),
        polygon([(-100, girdle), (-inner, girdle), (0, tip)]),
        polygon([(100, girdle), (inner, girdle), (0, tip)]),
    ]
    edges = [
        polyline([(-100, girdle), (100, girdle)]),
        polyline([(-62, top), (-inner, girdle), (0, tip)]),
        polyline([(62, top), (inner, girdle), (0, tip)]),
    ]
    return Symbol("gem", (*(main(f) for f in facets), *(second(d) for d in darker), *(rib(e, 5) for e in edges)))


def key_stone(dice: Dice) -> Symbol:
    """An arch of stones, for things built by hand."""
    count = dice.pick([5, 7])
    step = 180 / count
    stones = [band(100, 52, -90 + step * i + 1.6, -90 + step * (i + 1) - 1.6).moved(0, 30) for i in range(count)]
    feet = [rectangle(47, 40).moved(x, 55) for x in (-76, 76)]
    middle = count // 2
    pieces = [accent(s) if i == middle else second(s) if i % 2 else main(s) for i, s in enumerate(stones)]
    return Symbol("arch", (*pieces, *(main(f) for f in feet)))


def _arch(width: float, height: float) -> Path:
    r = width / 2
    k = r * 0.5523
    return Path(
        (
            ("M", ((-r, 0),)),
            ("L", ((-r, -height + r),)),
            ("C", ((-r, -height + r - k), (-k, -height), (0, -height))),
            ("C", ((k, -height), (r, -height + r - k), (r, -height + r))),
            ("L", ((r, 0),)),
            ("Z", ()),
        )
    )


def _reversed_half() -> tuple[tuple[str, tuple[tuple[float, float], ...]], ...]:
    """The heart's left half walked from the notch down to the tip, to be mirrored."""
    return (
        ("C", ((-8, -76), (-26, -90), (-50, -90))),
        ("C", ((-78, -90), (-104, -70), (-104, -34))),
        ("C", ((-104, 8), (-66, 44), (0, 92))),
    )
