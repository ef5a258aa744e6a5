"""Variation 5: symbol and name side by side or below each other."""

from __future__ import annotations

from workhall_logo_generation.render.art import CANVAS, Art, blend, fill, group, row, stroke
from workhall_logo_generation.render.shapes import polyline, rectangle, smooth, squircle
from workhall_logo_generation.render.studio import Sheet, Studio, stack_present

from .ornaments import double_frame, rule
from .place import MIDDLE, at, balanced, centered, tone_pair

_WIDTH = 840.0


def minimal(studio: Studio) -> Sheet:
    """Symbol, hairline, name in one row."""
    title = studio.title(500, 250, 92, align=0)
    if title is None or studio.repeat % 2:
        return balanced(studio, _upright(studio, studio.mark(330), 76))
    height = max(title.box.height, 170)
    hairline = stroke(polyline([(0, 0), (0, height)]), studio.scheme.ink, 3)
    return balanced(studio, _widened(row([studio.mark(230), hairline, title], 48)))


def bold(studio: Studio) -> Sheet:
    """A field of colour with the symbol above the name."""
    scheme = studio.scheme
    field = fill(rectangle(CANVAS, 610).moved(MIDDLE, 305), scheme.main)
    sign = studio.on(scheme.main).mark(430)
    title = studio.title(840, 270, 190)
    if title is None:
        return balanced(studio.on(scheme.main), studio.on(scheme.main).mark(600))
    parts = [field, at(sign, MIDDLE, 305), at(title, MIDDLE, 815)]
    return Sheet(scheme.ground, tuple(part for part in parts if part))


def vintage(studio: Studio) -> Sheet:
    """Symbol, name, rule and tagline in a notched frame."""
    scheme = studio.scheme
    frame = double_frame(860, 860, 60, scheme.ink)
    name = studio.name_art(660, 210, 120)
    foot = rule(420, 4, scheme.caption) if name else None
    inside = stack_present([studio.mark(290), name, foot, studio.tag_art(560, 31)], 48)
    return centered(studio, frame, inside.within(690, 690).centered(0, 0) if inside else None)


def modern(studio: Studio) -> Sheet:
    """A tile with the symbol, the name flush left beside it."""
    start, end = tone_pair(studio.scheme)
    tile = group([blend(squircle(270), start, end), studio.knockout(start).mark(156)])
    title = studio.title(520, 270, 150, align=0)
    if title is None or studio.repeat % 2:
        return balanced(studio, _upright(studio, tile.scaled(1.4), 110))
    return balanced(studio, _widened(row([tile, title], 44)))


def playful(studio: Studio) -> Sheet:
    """Symbol over the name over a swinging line."""
    scheme = studio.scheme
    name = studio.name_art(780, 250, 190)
    swing = smooth([(-190, -12), (-95, 14), (0, -8), (95, 16), (190, -12)], closed=False)
    line = stroke(swing, scheme.second, 17) if name else None
    sign = studio.mark(360).turned(studio.dice.pick([-8, 8]))
    return balanced(studio, stack_present([sign, name, line, studio.tag_art(600, 30, scheme.ink)], 44))


def _upright(studio: Studio, sign: Art, largest: float) -> Art | None:
    return stack_present([sign, studio.title(780, 250, largest)], 76)


def _widened(art: Art) -> Art:
    """A row as wide as the margins allow."""
    return art.scaled(min(_WIDTH / art.box.width, 1.35))
