"""Vector outlines that know their extent, so that everything can be measured before it is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, reduce

Point = tuple[float, float]
Segment = tuple[str, tuple[Point, ...]]
"""A path command (M, L, C or Z) and its absolute points."""

_CURVE_STEPS = 8


@dataclass(frozen=True)
class Box:
    """An axis-parallel extent in canvas units; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Horizontal extent."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Vertical extent."""
        return self.bottom - self.top

    @property
    def center(self) -> Point:
        """Middle of the extent."""
        return ((self.left + self.right) / 2, (self.top + self.bottom) / 2)

    def moved(self, dx: float, dy: float) -> Box:
        """The box shifted."""
        return Box(self.left + dx, self.top + dy, self.right + dx, self.bottom + dy)

    def scaled(self, factor: float) -> Box:
        """The box scaled about the origin."""
        return Box(self.left * factor, self.top * factor, self.right * factor, self.bottom * factor)

    def grown(self, by: float) -> Box:
        """The box with this margin added on all four sides."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def union(self, other: Box) -> Box:
        """The smallest box around both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


def box_of(points: Iterable[Point]) -> Box:
    """The extent of points; an empty set gives the empty box at the origin."""
    listed = list(points) or [(0.0, 0.0)]
    xs, ys = [x for x, _ in listed], [y for _, y in listed]
    return Box(min(xs), min(ys), max(xs), max(ys))


def union_of(boxes: Iterable[Box]) -> Box:
    """The smallest box around all; at least one is needed."""
    return reduce(Box.union, boxes)


@dataclass(frozen=True)
class Path:
    """An outline of straight and cubic segments, one or several contours."""

    segments: tuple[Segment, ...]

    def __add__(self, other: Path) -> Path:
        """Both outlines as one path (holes under the even-odd rule)."""
        return Path(self.segments + other.segments)

    def mapped(self, a: float, b: float, c: float, d: float, e: float, f: float) -> Path:
        """Transformed by the matrix of SVG's `matrix(a b c d e f)`."""

        def image(point: Point) -> Point:
            x, y = point
            return (a * x + c * y + e, b * x + d * y + f)

        return Path(tuple((command, tuple(image(p) for p in points)) for command, points in self.segments))

    def moved(self, dx: float, dy: float) -> Path:
        """Shifted."""
        return self.fitted(1, dx, dy)

    def scaled(self, sx: float, sy: float | None = None) -> Path:
        """Scaled about the origin."""
        return self.fitted(sx, 0, 0) if sy is None else self.mapped(sx, 0, 0, sy, 0, 0)

    def fitted(self, factor: float, dx: float, dy: float) -> Path:
        """Scaled about the origin, then shifted; an extent already measured is carried along."""
        moved = tuple(
            (command, tuple([(factor * x + dx, factor * y + dy) for x, y in points]))
            for command, points in self.segments
        )
        result = Path(moved)
        if "box" in self.__dict__ and factor > 0:
            result.__dict__["box"] = self.box.scaled(factor).moved(dx, dy)
        return result

    def rotated(self, degrees: float, center: Point = (0.0, 0.0)) -> Path:
        """Turned clockwise (as seen, y down) about a point."""
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        x, y = center
        return self.mapped(cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y)

    def contours(self) -> Iterator[list[Point]]:
        """Each contour as a polygon; curves are walked in short steps."""
        contour: list[Point] = []
        for command, points in self.segments:
            if command == "M" and contour:
                yield contour
                contour = []
            contour.extend(_walk(contour[-1], points) if command == "C" else points)
        if contour:
            yield contour

    @cached_property
    def box(self) -> Box:
        """The extent of the filled outline."""
        return box_of(point for contour in self.contours() for point in contour)

    @property
    def data(self) -> str:
        """The text of an SVG `d` attribute."""
        return "".join(
            command + " ".join(f"{number(x)} {number(y)}" for x, y in points) for command, points in self.segments
        )


def number(value: float) -> str:
    """A coordinate as short text, two decimals."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _walk(start: Point, curve: tuple[Point, ...]) -> Iterator[Point]:
    (x0, y0), ((x1, y1), (x2, y2), (x3, y3)) = start, curve
    for step in range(1, _CURVE_STEPS + 1):
        t = step / _CURVE_STEPS
        u = 1 - t
        w0, w1, w2, w3 = u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t
        yield (w0 * x0 + w1 * x1 + w2 * x2 + w3 * x3, w0 * y0 + w1 * y1 + w2 * y2 + w3 * y3)
