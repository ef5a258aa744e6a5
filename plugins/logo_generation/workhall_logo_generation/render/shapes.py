"""The elementary outlines everything is built from, all centred on the origin unless said otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from .dice import Dice
from .path import Path, Point, Segment

_KAPPA = 0.5522847498
"""Length of the control arms that make four cubics a circle."""


def polygon(points: Sequence[Point]) -> Path:
    """A closed straight-sided outline."""
    return Path((("M", (points[0],)), *(("L", (p,)) for p in points[1:]), ("Z", ())))


def polyline(points: Sequence[Point]) -> Path:
    """An open chain of straight pieces."""
    return Path((("M", (points[0],)), *(("L", (p,)) for p in points[1:])))


def smooth(points: Sequence[Point], closed: bool = True) -> Path:
    """A soft curve through the points (Catmull-Rom)."""
    count = len(points)
    at: Callable[[int], Point] = (
        (lambda i: points[i % count]) if closed else (lambda i: points[min(max(i, 0), count - 1)])
    )
    segments: list[Segment] = [("M", (points[0],))]
    for i in range(count if closed else count - 1):
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = at(i - 1), at(i), at(i + 1), at(i + 2)
        arms = ((bx + (cx - ax) / 6, by + (cy - ay) / 6), (cx - (dx - bx) / 6, cy - (dy - by) / 6))
        segments.append(("C", (*arms, (cx, cy))))
    return Path((*segments, ("Z", ())) if closed else tuple(segments))


def ellipse(rx: float, ry: float) -> Path:
    """An ellipse."""
    kx, ky = rx * _KAPPA, ry * _KAPPA
    return Path(
        (
            ("M", ((rx, 0),)),
            ("C", ((rx, ky), (kx, ry), (0, ry))),
            ("C", ((-kx, ry), (-rx, ky), (-rx, 0))),
            ("C", ((-rx, -ky), (-kx, -ry), (0, -ry))),
            ("C", ((kx, -ry), (rx, -ky), (rx, 0))),
            ("Z", ()),
        )
    )


def circle(radius: float, x: float = 0, y: float = 0) -> Path:
    """A circle about (x, y)."""
    return ellipse(radius, radius).moved(x, y)


def polar(radius: float, degrees: float) -> Point:
    """A point by distance and direction; 0 degrees is up, then clockwise."""
    return (radius * math.sin(math.radians(degrees)), -radius * math.cos(math.radians(degrees)))


def arc(radius: float, start: float, end: float) -> Path:
    """An open arc between two directions in degrees."""
    pieces = max(1, math.ceil(abs(end - start) / 45))
    step = (end - start) / pieces
    arm = 4 / 3 * math.tan(math.radians(step) / 4) * radius
    segments: list[Segment] = [("M", (polar(radius, start),))]
    for a in (start + step * i for i in range(pieces)):
        (x0, y0), (x1, y1) = polar(radius, a), polar(radius, a + step)
        (tx0, ty0), (tx1, ty1) = polar(arm, a + 90), polar(arm, a + step + 90)
        segments.append(("C", ((x0 + tx0, y0 + ty0), (x1 - tx1, y1 - ty1), (x1, y1))))
    return Path(tuple(segments))


def band(outer: float, inner: float, start: float, end: float) -> Path:
    """A closed piece of a ring between two directions."""
    out, back = arc(outer, start, end), arc(inner, end, start)
    return Path((*out.segments, ("L", back.segments[0][1]), *back.segments[1:], ("Z", ())))


def sector(radius: float, start: float, end: float) -> Path:
    """A slice of a disc."""
    return Path((*arc(radius, start, end).segments, ("L", ((0.0, 0.0),)), ("Z", ())))


def rectangle(width: float, height: float, radius: float = 0) -> Path:
    """A rectangle, with rounded corners if asked."""
    x, y, r = width / 2, height / 2, min(radius, width / 2, height / 2)
    if r <= 0:
        return polygon([(-x, -y), (x, -y), (x, y), (-x, y)])
    k = r * (1 - _KAPPA)
    return Path(
        (
            ("M", ((-x + r, -y),)),
            *(("L", ((x - r, -y),)), ("C", ((x - k, -y), (x, -y + k), (x, -y + r)))),
            *(("L", ((x, y - r),)), ("C", ((x, y - k), (x - k, y), (x - r, y)))),
            *(("L", ((-x + r, y),)), ("C", ((-x + k, y), (-x, y - k), (-x, y - r)))),
            *(("L", ((-x, -y + r),)), ("C", ((-x, -y + k), (-x + k, -y), (-x + r, -y)))),
            ("Z", ()),
        )
    )


def squircle(size: float) -> Path:
    """A superellipse of the given edge length."""
    points = []
    for i in range(48):
        c, s = math.cos(math.tau * i / 48), math.sin(math.tau * i / 48)
        points.append((math.copysign(abs(c) ** 0.45, c) * size / 2, math.copysign(abs(s) ** 0.45, s) * size / 2))
    return smooth(points)


def regular(sides: int, radius: float, turn: float = 0) -> Path:
    """A regular polygon with a corner at `turn` degrees."""
    return polygon([polar(radius, turn + 360 / sides * i) for i in range(sides)])


def rounded(points: Sequence[Point], radius: float) -> Path:
    """A polygon whose corners are rounded off by about `radius`."""
    segments: list[Segment] = []
    count = len(points)
    for i, corner in enumerate(points):
        into, out = _toward(corner, points[i - 1], radius), _toward(corner, points[(i + 1) % count], radius)
        segments += [("L" if segments else "M", (into,)), ("C", (_mid(into, corner), _mid(out, corner), out))]
    return Path((*segments, ("Z", ())))


def star(tips: int, outer: float, inner: float, turn: float = 0) -> Path:
    """A star with straight edges."""
    step = 180 / tips
    return polygon([polar(inner if i % 2 else outer, turn + step * i) for i in range(tips * 2)])


def sparkle(tips: int, outer: float, waist: float) -> Path:
    """A star with hollow edges that curve in to `waist`."""
    segments: list[Segment] = [("M", (polar(outer, 0),))]
    for i in range(tips):
        here, there = 360 / tips * i, 360 / tips * (i + 1)
        segments.append(("C", (polar(waist, here), polar(waist, there), polar(outer, there))))
    return Path((*segments, ("Z", ())))


def scallop(lobes: int, radius: float, depth: float) -> Path:
    """A disc with a softly waved rim."""
    steps = lobes * 8
    return smooth(
        [polar(radius - depth / 2 + depth / 2 * math.cos(math.tau * i / 8), 360 * i / steps) for i in range(steps)]
    )


def leaf(width: float, length: float) -> Path:
    """A pointed leaf standing on the origin and reaching up by `length`."""
    w, h = width / 2 * 1.34, length
    return Path(
        (
            ("M", ((0, 0),)),
            ("C", ((-w, -h * 0.28), (-w, -h * 0.7), (0, -h))),
            ("C", ((w, -h * 0.7), (w, -h * 0.28), (0, 0))),
            ("Z", ()),
        )
    )


def blob(dice: Dice, radius: float, wobble: float = 0.16, knots: int = 7) -> Path:
    """A soft irregular disc; `wobble` is the share of the radius by which it may vary."""
    turn = dice.between(0, 360)
    return smooth([polar(radius * (1 + dice.between(-wobble, wobble)), turn + 360 / knots * i) for i in range(knots)])


def brush(points: Sequence[Point], widths: Sequence[float]) -> Path:
    """A stroke of changing width along the points, as a filled outline."""
    left: list[Point] = []
    right: list[Point] = []
    for i, (x, y) in enumerate(points):
        (ax, ay), (bx, by) = points[max(i - 1, 0)], points[min(i + 1, len(points) - 1)]
        length = math.hypot(bx - ax, by - ay) or 1.0
        nx, ny, half = (ay - by) / length, (bx - ax) / length, widths[i] / 2
        left.append((x + nx * half, y + ny * half))
        right.append((x - nx * half, y - ny * half))
    return smooth(left + right[::-1])


def _toward(start: Point, end: Point, distance: float) -> Point:
    length = math.hypot(end[0] - start[0], end[1] - start[1]) or 1.0
    share = min(distance / length, 0.5)
    return (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)


def _mid(a: Point, b: Point) -> Point:
    return (a[0] + (b[0] - a[0]) * 0.6, a[1] + (b[1] - a[1]) * 0.6)
