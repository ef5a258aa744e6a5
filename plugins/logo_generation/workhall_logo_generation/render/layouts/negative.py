"""Variation 8: the initial is what the other shape leaves out."""

from __future__ import annotations

from workhall_logo_generation.render.art import CANVAS, Art, clipped, fill, group, stroke
from workhall_logo_generation.render.color import RGB
from workhall_logo_generation.render.fonts import manrope, rounded_face, serif
from workhall_logo_generation.render.path import Path
from workhall_logo_generation.render.shapes import circle, polygon, polyline, rectangle, sector, squircle
from workhall_logo_generation.render.studio import Sheet, Studio, stack_present
from workhall_logo_generation.render.typography import Setting, fit_line

from .place import MIDDLE, balanced

_HEAVY = {
    "minimal": Setting(manrope("SemiBold")),
    "bold": Setting(manrope("ExtraBold")),
    "vintage": Setting(serif("Black")),
    "modern": Setting(manrope("ExtraBold")),
    "playful": Setting(rounded_face()),
}
"""Faces with enough mass to be seen as an empty shape."""


def minimal(studio: Studio) -> Sheet:
    """A disc or soft square that the letter opens to the ground."""
    scheme = studio.scheme
    disc, size = studio.dice.pick([(circle(330), 560), (squircle(620), 430)])
    letter = _letter(studio, size, size, scheme.ground)
    if letter is None:
        return _opened(studio, disc)
    return _named(studio, clipped(group([fill(disc, scheme.main), letter.centered(0, 0)]), disc))


def bold(studio: Studio) -> Sheet:
    """Half the sheet is colour, half is ground, and the letter is the reverse of both."""
    scheme = studio.scheme
    outline = _outline(studio, 780, 700)
    half = rectangle(CANVAS / 2, CANVAS).moved(MIDDLE * 1.5, MIDDLE)
    if outline is None:
        return _opened(studio, rectangle(680, 680))
    x, y = outline.box.center
    letter = outline.moved(MIDDLE - x, MIDDLE - y)
    left = rectangle(CANVAS / 2, CANVAS).moved(MIDDLE * 0.5, MIDDLE)
    parts = (
        fill(half, scheme.main),
        clipped(fill(letter, scheme.main), left),
        clipped(fill(letter, scheme.ground), half),
    )
    return Sheet(scheme.ground, parts)


def vintage(studio: Studio) -> Sheet:
    """A hatched shield with the letter left white."""
    scheme = studio.scheme
    shield = _shield()
    lines = [polyline([(-300, y), (300, y)]) for y in range(-330, 340, 13)]
    hatched = clipped(group([stroke(line, scheme.ink, 7.6) for line in lines]), shield)
    letter = _letter(studio, 360, 360, scheme.ground)
    if letter is None:
        return _opened(studio, shield)
    cx, cy = letter.box.center
    outline = _outline(studio, 360, 360)
    edge = [stroke(outline, scheme.ground, 22)] if outline else []
    inside = group([*edge, letter]).moved(-cx, -cy - 26)
    frame = [stroke(shield, scheme.ground, 22), stroke(shield, scheme.ink, 7)]
    return _named(studio, Art(group([hatched, inside, *frame]).svg, shield.box))


def modern(studio: Studio) -> Sheet:
    """Stripes that step aside where the letter is."""
    scheme, disc, pitch = studio.scheme, circle(330), 33.0
    outline = _outline(studio, 420, 400)
    if outline is None:
        return _opened(studio, disc)
    x, y = outline.box.center
    letter = outline.moved(-x, -y)
    stripes = [_stripes(scheme.main, pitch, 0.0), _stripes(scheme.letters[1], pitch, pitch / 2)]
    window = fill(letter, scheme.ground)
    return _named(studio, group([clipped(stripes[0], disc), window, clipped(stripes[1], letter)]))


def playful(studio: Studio) -> Sheet:
    """Four toy blocks from which the letter is cut."""
    scheme = studio.scheme
    quadrants = studio.dice.shuffled(_quadrants(326))
    colors = (scheme.main, scheme.second, scheme.main, scheme.accent)
    blocks = [fill(quadrants[i].rotated(90 * i), color) for i, color in enumerate(colors)]
    letter = _letter(studio, 410, 430, scheme.ground)
    figure = letter or studio.knockout(scheme.main).mark(380)
    return _named(studio, group([*blocks, figure.centered(0, 0)]))


def _letter(studio: Studio, width: float, height: float, color: RGB) -> Art | None:
    outline = _outline(studio, width, height)
    return fill(outline, color) if outline else None


def _outline(studio: Studio, width: float, height: float) -> Path | None:
    line = fit_line(studio.initials[:1], _HEAVY[studio.style], width, height) if studio.initials else None
    return line.path if line else None


def _opened(studio: Studio, shape: Path) -> Sheet:
    """Without an initial the symbol is cut out of the shape."""
    color = studio.scheme.main
    return _named(studio, group([fill(shape, color), studio.knockout(color).mark(400)]))


def _named(studio: Studio, figure: Art) -> Sheet:
    return balanced(studio, stack_present([figure, studio.caption(640, 60, repeats_initial=True)], 58))


def _stripes(color: RGB, pitch: float, shift: float) -> Art:
    count = int(700 / pitch) + 2
    bars = [rectangle(720, pitch * 0.5).moved(0, -350 + pitch * i + shift) for i in range(count)]
    return group([fill(bar, color) for bar in bars])


def _quadrants(size: float) -> list[Path]:
    """Four forms for the lower right quarter, all full towards the middle."""
    middle, bend = size * 0.46, size * 0.76
    petal = (
        ("M", ((0.0, 0.0),)),
        ("L", ((middle, 0.0),)),
        ("C", ((bend, 0.0), (size, size - bend), (size, size - middle + size * 0.2))),
        ("L", ((size, size),)),
        ("L", ((size - middle + size * 0.2, size),)),
        ("C", ((size - bend, size), (0.0, bend), (0.0, middle))),
        ("Z", ()),
    )
    cut_off = [(0.0, 0.0), (size, 0), (size, size * 0.55), (size * 0.55, size), (0, size)]
    return [
        sector(size, 90, 180),
        Path(petal),
        polygon(cut_off),
        rectangle(size, size).moved(size / 2, size / 2),
    ]


def _shield() -> Path:
    return Path(
        (
            ("M", ((0, -352),)),
            ("C", ((-90, -302), (-190, -276), (-286, -270))),
            ("L", ((-286, -20),)),
            ("C", ((-286, 176), (-150, 296), (0, 356))),
            ("C", ((150, 296), (286, 176), (286, -20))),
            ("L", ((286, -270),)),
            ("C", ((190, -276), (90, -302), (0, -352))),
            ("Z", ()),
        )
    )
