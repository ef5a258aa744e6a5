"""Motifs of water."""

from __future__ import annotations

import math

from workhall_logo_generation.render.dice import Dice
from workhall_logo_generation.render.path import Path, Point
from workhall_logo_generation.render.shapes import circle, polygon, smooth

from .model import Symbol, accent, cut, line, main, rib, second


def waves(dice: Dice) -> Symbol:
    """A disc of rolling water under a calm sky."""
    phase, swing = dice.between(0, math.tau), dice.between(9, 13)
    edges = [-8.0, 26.0, 58.0]
    bands = [_water(edge, swing * (1 - i * 0.12), phase + i * 1.9) for i, edge in enumerate(edges)]
    sun = circle(23, dice.pick([-30, 30]), -50)
    return Symbol(
        "waves",
        (
            main(bands[0]),
            rib(_crest(edges[1], swing, phase + 1.9), 7),
            second(bands[1]),
            rib(_crest(edges[2], swing, phase + 3.8), 7),
            main(bands[2]),
            accent(sun),
        ),
    )


def wave_lines(dice: Dice) -> Symbol:
    """Parallel swells, drawn as lines that grow shorter."""
    swing = dice.between(13, 18)
    rows = []
    for i in range(4):
        half = 100 - 20 * abs(i - 1.2)
        xs = [-half + half * 2 * step / 24 for step in range(25)]
        rows.append(smooth([(x, -51 + 34 * i + swing * math.sin(x / 100 * math.pi * 1.5)) for x in xs], closed=False))
    return Symbol("waves", tuple(line(row, 15) for row in rows))


def drop(dice: Dice) -> Symbol:
    """A drop with a swell inside."""
    outline = Path(
        (
            ("M", ((0, -112),)),
            ("C", ((24, -62), (72, -16), (72, 34))),
            ("C", ((72, 76), (40, 104), (0, 104))),
            ("C", ((-40, 104), (-72, 76), (-72, 34))),
            ("C", ((-72, -16), (-24, -62), (0, -112))),
            ("Z", ()),
        )
    )
    side = dice.pick([1, -1])
    swell = Path(
        (
            ("M", ((-54, 38),)),
            ("C", ((-26, 14), (-10, 20), (4, 36))),
            ("C", ((20, 54), (38, 52), (54, 34))),
            ("C", ((54, 66), (32, 86), (0, 86))),
            ("C", ((-32, 86), (-54, 66), (-54, 38))),
            ("Z", ()),
        )
    )
    return Symbol(
        "drop",
        (main(outline), cut(swell.scaled(side, 1)), second(swell.scaled(side * 0.8, 0.8).moved(0, 14))),
    )


def _crest(level: float, swing: float, phase: float) -> Path:
    half = math.sqrt(10_000 - min(abs(level), 96) ** 2) * 0.99
    xs = [-half + 2 * half * i / 24 for i in range(25)]
    return smooth([(x, level + swing * math.sin(x / 100 * math.pi + phase)) for x in xs], closed=False)


def _water(level: float, swing: float, phase: float) -> Path:
    """The part of a disc of radius 100 below a wavy line."""
    points: list[Point] = []
    for i in range(61):
        x = -100 + 200 * i / 60
        rim = math.sqrt(max(10_000 - x * x, 0))
        points.append((x, min(max(level + swing * math.sin(x / 100 * math.pi + phase), -rim), rim)))
    rims = [(x, math.sqrt(max(10_000 - x * x, 0))) for x, _ in reversed(points)]
    return polygon(points + rims)
