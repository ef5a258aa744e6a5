"""Putting parts onto the canvas, optically centred."""

from __future__ import annotations

from workhall_logo_generation.render.art import CANVAS, Art
from workhall_logo_generation.render.color import RGB, contrast, mix
from workhall_logo_generation.render.palette import Scheme
from workhall_logo_generation.render.studio import Sheet, Studio

MIDDLE = CANVAS / 2


def centered(studio: Studio, *parts: Art | None, lift: float = 0) -> Sheet:
    """Parts drawn about the origin, laid on each other in the middle of the canvas, `lift` pixels higher."""
    placed = (part.moved(MIDDLE, MIDDLE - lift) for part in parts if part)
    return Sheet(studio.scheme.ground, tuple(placed))


def balanced(studio: Studio, art: Art | None) -> Sheet:
    """One composed piece whose ink is centred, kept inside the margins and a touch above the middle."""
    fitted = (art or studio.mark(460)).within(840, 840)
    return Sheet(studio.scheme.ground, (fitted.centered(MIDDLE, MIDDLE - 6),))


def at(part: Art | None, x: float, y: float) -> Art | None:
    """The part with its ink centred on (x, y), if there is one."""
    return part.centered(x, y) if part else None


def tone_pair(scheme: Scheme) -> tuple[RGB, RGB]:
    """Two ends of a blend on which one clear colour stays legible throughout."""
    far = mix(scheme.main, scheme.second, 0.6)
    clear = scheme.knockout(mix(scheme.main, far, 0.5)).main
    for share in (1.0, 0.6, 0.3):
        end = mix(scheme.main, far, share)
        if min(contrast(clear, scheme.main), contrast(clear, end)) >= 3.0:
            return scheme.main, end
    return scheme.main, scheme.main
