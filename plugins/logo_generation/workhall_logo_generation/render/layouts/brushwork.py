"""Strokes that look as if a brush had made them."""

from __future__ import annotations

import math

from workhall_logo_generation.render.dice import Dice
from workhall_logo_generation.render.path import Path
from workhall_logo_generation.render.shapes import brush, polar


def sweep(dice: Dice, radius: float, start: float, length: float, width: float) -> Path:
    """A turn of the brush around the origin, from `start` over `length` degrees; pressure swells and fades."""
    steps = max(8, round(length / 9))
    drift, phase = dice.between(-0.05, 0.05), dice.between(0, math.tau)
    points, widths = [], []
    for i in range(steps + 1):
        share = i / steps
        reach = radius * (1 + drift * share + 0.012 * math.sin(5 * share * math.tau + phase))
        points.append(polar(reach, start + length * share))
        pressure = min(1.0, share * 6 + 0.3) * (1 - 0.82 * share**2.4)
        widths.append(width * pressure * (1 + dice.between(-0.07, 0.07)))
    return brush(points, widths)
