"""Variation 1: one symbol, no lettering."""

from __future__ import annotations

from workhall_logo_generation.render.art import blend, fill
from workhall_logo_generation.render.shapes import blob, circle, squircle
from workhall_logo_generation.render.studio import Sheet, Studio

from .ornaments import beads, confetti, ring
from .place import centered, tone_pair


def minimal(studio: Studio) -> Sheet:
    """A line drawing on white."""
    return centered(studio, studio.mark(500))


def bold(studio: Studio) -> Sheet:
    """A huge flat figure on the brand colour."""
    return centered(studio, studio.mark(640))


def vintage(studio: Studio) -> Sheet:
    """An engraving in a beaded double ring."""
    ink = studio.scheme.ink
    frame = (ring(420, 8, ink), ring(350, 3, ink), beads(385, 60, 7, studio.scheme.caption))
    return centered(studio, *frame, studio.mark(440))


def modern(studio: Studio) -> Sheet:
    """A light figure on a soft blended tile."""
    start, end = tone_pair(studio.scheme)
    return centered(
        studio,
        blend(studio.dice.pick([squircle(700), circle(370)]), start, end),
        studio.knockout(start).mark(400),
    )


def playful(studio: Studio) -> Sheet:
    """A colourful figure on a soft shape among confetti."""
    base = fill(blob(studio.dice, 330, 0.1), studio.scheme.tint)
    return centered(
        studio,
        confetti(studio.dice, studio.scheme, 400, 445, 12),
        base,
        studio.on(studio.scheme.tint).mark(400),
    )
