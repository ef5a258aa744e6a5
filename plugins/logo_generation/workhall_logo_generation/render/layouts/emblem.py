"""Variation 3: a closed badge with the name around or inside."""

from __future__ import annotations

from workhall_logo_generation.render.art import Art, blend, fill, group, stroke
from workhall_logo_generation.render.color import RGB
from workhall_logo_generation.render.shapes import circle, polar, polyline, rounded, scallop, star
from workhall_logo_generation.render.studio import Sheet, Studio, stack_present

from .ornaments import beads, ribbon, ring
from .place import centered, tone_pair
from .rings import ring_text


def minimal(studio: Studio) -> Sheet:
    """Fine rings, tracked letters between them."""
    ink = studio.scheme.ink
    frame = (ring(430, 5, ink), ring(300, 5, ink))
    return centered(studio, *frame, *_around(studio, 365, 54, ink, dots=True), _heart(studio, 280))


def bold(studio: Studio) -> Sheet:
    """A solid disc with a heavy rim of letters."""
    disc = studio.on(studio.scheme.main).knockout(studio.scheme.main)
    core = fill(circle(285), disc.scheme.main)
    inner = studio.on(disc.scheme.main)
    return centered(
        studio, fill(circle(440), studio.scheme.main), core,
        *_around(disc, 363, 96, disc.scheme.main, dots=True), _heart(inner, 330),
    )  # fmt: skip


def vintage(studio: Studio) -> Sheet:
    """A scalloped seal with beads, stars and an engraving."""
    ink, ground = studio.scheme.ink, studio.scheme.ground
    seal = (
        fill(scallop(studio.dice.pick([24, 30, 40]), 450, 26), ink),
        ring(408, 3, ground),
        fill(circle(292), ground),
        beads(305, 72, 3.4, ground),
    )
    dark = studio.on(ink)
    return centered(
        studio,
        *seal,
        *_around(dark, 354, 60, dark.scheme.ink, dots=False),
        ring(278, 3, ink),
        _heart(studio, 290),
    )


def modern(studio: Studio) -> Sheet:
    """A soft hexagon, symbol above the name."""
    start, end = tone_pair(studio.scheme)
    outline = studio.dice.pick([rounded([polar(470, 60 * i) for i in range(6)], 90), circle(430)])
    badge = blend(outline, start, end)
    sign = studio.knockout(start)
    tag = sign.tag_art(560, 31, sign.scheme.main)
    line = stroke(polyline([(-44, 0), (44, 0)]), sign.scheme.second, 5) if tag else None
    name = sign.name_art(620, 200, 120, sign.scheme.main)
    inside = stack_present([sign.mark(270), name, line if name else None, tag], 38)
    return centered(studio, badge, inside.within(610, 600).centered(0, -4) if inside else None)


def playful(studio: Studio) -> Sheet:
    """A wavy cookie with a ribbon."""
    scheme = studio.scheme
    disc = studio.on(scheme.main).knockout(scheme.main)
    base = (fill(scallop(16, 430, 44), scheme.main), fill(circle(272), scheme.ground))
    parts: list[Art | None] = [*base, *_around(disc, 333, 78, disc.scheme.main, dots=True, lower=False)]
    parts.append(_heart(studio, 300).moved(0, -24 if studio.tagline else 0))
    return centered(studio, *parts, _banner(studio), lift=20 if studio.tagline else 0)


def _around(
    studio: Studio, radius: float, largest: float, color: RGB, dots: bool, lower: bool = True
) -> list[Art | None]:
    """Name over the top of the ring, tagline along its foot, a sign between them on both sides."""
    over, below = (studio.tagline, "") if _is_short(studio) else (studio.name, studio.tagline)
    top = ring_text(over, studio.voice.name, radius, 0, largest, color, degrees=204 if lower else 230)
    foot = ring_text(below, studio.voice.tag, radius, 180, largest * 0.6, color, degrees=118) if lower else None
    mark = circle(largest * 0.13) if dots else star(5, largest * 0.3, largest * 0.13)
    angle = 112 if lower else 128
    signs: list[Art | None] = [fill(mark.moved(*polar(radius, side * angle)), color) for side in (-1, 1)]
    return [top, foot, *signs] if top else [beads(radius, 24, largest * 0.12, color)]


def _heart(studio: Studio, size: float) -> Art:
    """What stands in the middle: the symbol, or the initial of a name too short to go around."""
    if _is_short(studio):
        line = studio.initial_line(size, size * 0.82, studio.name.strip())
        return line.art(studio.scheme.ink).centered(0, 0) if line else studio.mark(size)
    return studio.mark(size)


def _is_short(studio: Studio) -> bool:
    """Whether the name is too short to go around."""
    return 0 < len(studio.name.strip()) <= 3 and bool(studio.initials)


def _banner(studio: Studio) -> Art | None:
    scheme = studio.scheme
    lettering = studio.on(scheme.second)
    text = lettering.tag_art(480, 34, lettering.scheme.ink)
    if text is None or _is_short(studio):
        return None
    band = ribbon(max(text.box.width + 90, 380), 92, scheme.second, scheme.ink)
    return group([band, text.centered(0, 0)]).moved(0, 318)
