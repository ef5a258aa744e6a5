"""Frames, rules, ribbons and scattered dots."""

from __future__ import annotations

from workhall_logo_generation.render.art import Art, fill, group, stroke
from workhall_logo_generation.render.color import RGB
from workhall_logo_generation.render.dice import Dice
from workhall_logo_generation.render.palette import Scheme
from workhall_logo_generation.render.path import Path
from workhall_logo_generation.render.shapes import circle, polar, polygon, polyline, rectangle, sparkle, star


def ring(radius: float, width: float, color: RGB) -> Art:
    """A circle line about the origin."""
    return stroke(circle(radius), color, width)


def beads(radius: float, count: int, size: float, color: RGB) -> Art:
    """A string of dots along a circle."""
    return group([fill(circle(size, *polar(radius, 360 / count * i)), color) for i in range(count)])


def rule(width: float, thickness: float, color: RGB) -> Art:
    """A level line with a diamond in the middle."""
    gap = thickness * 7
    halves = [polyline([(sign * gap, 0), (sign * width / 2, 0)]) for sign in (-1, 1)]
    diamond = rectangle(thickness * 3.6, thickness * 3.6).rotated(45)
    return group([*(stroke(half, color, thickness) for half in halves), fill(diamond, color)])


def notched_frame(width: float, height: float, notch: float) -> Path:
    """A rectangle whose corners are hollowed by quarter circles."""
    x, y, k = width / 2, height / 2, notch * 0.5523
    corners = ((-x, -y, 1, 1), (x, -y, -1, 1), (x, y, -1, -1), (-x, y, 1, -1))
    segments: list[tuple[str, tuple[tuple[float, float], ...]]] = []
    for i, (cx, cy, sx, sy) in enumerate(corners):
        across, down = (cx + sx * notch, cy), (cx, cy + sy * notch)
        arms = ((cx + sx * notch, cy + sy * k), (cx + sx * k, cy + sy * notch))
        first, last, bend = (down, across, arms[::-1]) if i % 2 == 0 else (across, down, arms)
        segments += [("L" if segments else "M", (first,)), ("C", (*bend, last))]
    return Path((*segments, ("Z", ())))


def double_frame(width: float, height: float, notch: float, color: RGB, thick: float = 7) -> Art:
    """A heavy and a fine notched line."""
    inner = notched_frame(width - thick * 5, height - thick * 5, notch)
    return group([stroke(notched_frame(width, height, notch), color, thick), stroke(inner, color, thick * 0.36)])


def ribbon(width: float, height: float, face: RGB, shade: RGB) -> Art:
    """A band with folded, swallow-tailed ends, centred on the origin."""
    x, y, drop, tail = width / 2, height / 2, height * 0.26, height * 0.9
    parts = []
    for side in (-1, 1):
        end = [
            (x - height * 0.4, -y + drop),
            (x + tail, -y + drop),
            (x + tail * 0.62, drop),
            (x + tail, y + drop),
        ]
        end += [(x - height * 0.4, y + drop)]
        fold = [(x - height * 0.4, y), (x, y), (x - height * 0.4, y + drop)]
        parts.append(fill(polygon(end).scaled(side, 1), face, opacity=0.82))
        parts.append(fill(polygon(fold).scaled(side, 1), shade))
    return group([*parts, fill(rectangle(width, height), face)])


def confetti(dice: Dice, scheme: Scheme, inner: float, outer: float, count: int) -> Art:
    """Dots, rings, crosses and sparkles scattered evenly around the origin."""
    parts = []
    for i in range(count):
        angle = 360 / count * (i + dice.between(-0.3, 0.3))
        x, y = polar(dice.between(inner, outer), angle)
        parts.append(_scrap(dice, scheme.colors[i % 3], dice.between(13, 22)).moved(x, y))
    return group(parts)


def star_row(count: int, size: float, pitch: float, color: RGB) -> Art:
    """A level row of five-pointed stars about the origin."""
    places = [(i - (count - 1) / 2) * pitch for i in range(count)]
    return group([fill(star(5, size, size * 0.42).moved(x, 0), color) for x in places])


def _scrap(dice: Dice, color: RGB, size: float) -> Art:
    kind = dice.pick(["dot", "ring", "spark", "bar"])
    if kind == "dot":
        return fill(circle(size * 0.8), color)
    if kind == "ring":
        return stroke(circle(size * 0.75), color, size * 0.5)
    if kind == "spark":
        return fill(sparkle(4, size * 1.5, size * 0.4), color)
    return fill(rectangle(size * 2.4, size * 0.8, size).rotated(dice.between(0, 180)), color)
