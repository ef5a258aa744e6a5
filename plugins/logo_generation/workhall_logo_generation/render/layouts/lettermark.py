"""Variation 2: the initials alone."""

from __future__ import annotations

from itertools import pairwise

from workhall_logo_generation.render.art import Art, clipped, fill, group, stroke
from workhall_logo_generation.render.path import Path
from workhall_logo_generation.render.shapes import arc, circle, polar, polygon, rectangle, regular, scallop, squircle
from workhall_logo_generation.render.studio import Sheet, Studio
from workhall_logo_generation.render.typography import Line

from .ornaments import notched_frame, rule
from .place import balanced, centered


def minimal(studio: Studio) -> Sheet:
    """Fine letters in an open ring; a dot closes the gap."""
    scheme, radius = studio.scheme, 350
    opening = studio.dice.pick([45, 135, 225, 315])
    frame = stroke(arc(radius, opening + 9, opening + 351), scheme.ink, 9)
    dot = fill(circle(20, *polar(radius, opening)), scheme.main)
    return centered(studio, frame, dot, _middle(studio, 430, 290))


def bold(studio: Studio) -> Sheet:
    """Heavy letters packed so tightly that they share a stem."""
    line = studio.initial_line(800, 620)
    if line is None:
        return balanced(studio, studio.mark(680))
    if len(line.letters) == 1:
        return balanced(studio, _sliced(studio, line))
    letters, parts, pen = [], [], 0.0
    for place, letter in enumerate(line.letters):
        letters.append(letter.moved(pen - letter.box.left, 0))
        parts.append(fill(letters[-1], studio.scheme.letters[place % 2]))
        pen = letters[-1].box.right - min(line.size * 0.138, letter.box.width * 0.4)
    shared = [clipped(fill(one, studio.scheme.ink), two) for one, two in pairwise(letters)]
    return balanced(studio, group([*parts, *shared]))


def vintage(studio: Studio) -> Sheet:
    """Serif letters in a frame of double lines."""
    ink = studio.scheme.ink
    frames = studio.dice.pick(
        [
            [regular(4, 450), regular(4, 420)],
            [regular(8, 440, 22.5), regular(8, 414, 22.5)],
            [notched_frame(800, 800, 90), notched_frame(756, 756, 90)],
        ]
    )
    frame = [stroke(path, ink, width) for path, width in zip(frames, (9, 3), strict=True)]
    flourish = [rule(190, 4, studio.scheme.caption).moved(0, y) for y in (-178, 178)]
    return centered(studio, *frame, *flourish, _middle(studio, 400, 220))


def modern(studio: Studio) -> Sheet:
    """Letters that shine through each other."""
    line = studio.initial_line(720, 520)
    if line is None:
        return balanced(studio, studio.mark(600))
    scheme = studio.scheme
    if len(line.letters) == 1:
        echo = [
            fill(line.path.moved(70 * i, -46 * i), scheme.colors[1 - i], opacity=0.9 - 0.22 * (1 - i)) for i in (1, 0)
        ]
        return balanced(studio, group(echo[::-1]).within(640, 640))
    parts, pen = [], 0.0
    for place, letter in enumerate(line.letters):
        parts.append(fill(letter.moved(pen - letter.box.left, 0), scheme.letters[place % 2], opacity=0.82))
        pen += letter.box.width - min(line.size * 0.12, letter.box.width * 0.22)
    return balanced(studio, group(parts))


def playful(studio: Studio) -> Sheet:
    """Each letter dances on a shape of its own."""
    letters = list(studio.initials) or [""]
    size = {1: 640.0, 2: 440.0}.get(len(letters), 330.0)
    parts = [_token(studio, letter, size, place) for place, letter in enumerate(letters)]
    if len(parts) == 1:
        return balanced(studio, parts[0])
    step = size * 0.86
    swing = [part.moved(step * i, (-1) ** i * size * 0.1) for i, part in enumerate(parts)]
    return balanced(studio, group(swing))


def _middle(studio: Studio, width: float, height: float) -> Art:
    line = studio.initial_line(width, height)
    art = line.art(studio.scheme.ink) if line else studio.mark(height * 1.25)
    return art.centered(0, 0)


def _sliced(studio: Studio, line: Line) -> Art:
    """A single letter cut by a slanting gap, the part below in the second colour."""
    box = line.box
    low, high = box.top + box.height * 0.66, box.top + box.height * 0.44
    far = box.grown(60)
    upper = polygon([(far.left, far.top), (far.right, far.top), (far.right, high - 14), (far.left, low - 14)])
    lower = polygon([(far.left, low + 14), (far.right, high + 14), (far.right, far.bottom), (far.left, far.bottom)])
    scheme = studio.scheme
    cuts = [clipped(fill(line.path, color), area) for color, area in ((scheme.main, upper), (scheme.letters[1], lower))]
    return Art(group(cuts).svg, box)


def _token(studio: Studio, letter: str, size: float, place: int) -> Art:
    shapes: list[Path] = [
        circle(size / 2),
        squircle(size * 0.92),
        scallop(10, size / 2, size * 0.07),
        rectangle(size * 0.9, size * 0.9, size * 0.2),
    ]
    color = studio.scheme.colors[place % 3]
    base = fill(shapes[(place + studio.repeat + len(studio.name)) % len(shapes)], color)
    sign = studio.knockout(color)
    line = sign.initial_line(size * 0.56, size * 0.5, letter) if letter else None
    figure = line.art(sign.scheme.main) if line else sign.mark(size * 0.56)
    return group([base, figure.centered(0, 0)]).turned((-9, 7, -5)[place % 3])
