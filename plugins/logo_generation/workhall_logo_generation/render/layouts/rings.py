"""Lettering that runs along a circle."""

from __future__ import annotations

from functools import reduce

from workhall_logo_generation.render.art import Art, fill
from workhall_logo_generation.render.color import RGB
from workhall_logo_generation.render.path import Path
from workhall_logo_generation.render.typography import SMALLEST, Setting, ring_letters, ring_size
from workhall_logo_generation.render.wrapping import split_words


def ring_text(
    text: str, setting: Setting, radius: float, middle: float, largest: float, color: RGB, degrees: float
) -> Art | None:
    """Text centred on a direction (0 is the top, 180 the foot) and on the ring's middle line.

    It covers at most `degrees`; what would be too small to read is cut after the last word that fits.
    None if there is nothing to draw.
    """
    feet = radius - largest * 0.36  # the letters' feet stand closer together than the ring's middle line
    shown = _fitting(text, setting, feet, degrees)
    size = ring_size(shown, setting, feet, degrees, largest)
    if not size:
        return None
    inward = 90 < middle % 360 < 270
    _, face = setting.prepared(shown)
    half = face.cap_height * size / 2
    letters = ring_letters(shown, setting, size, radius + half if inward else radius - half, middle, inward)
    return fill(reduce(Path.__add__, letters), color) if letters else None


def _fitting(text: str, setting: Setting, radius: float, degrees: float) -> str:
    words = split_words(setting.prepared(text)[0]) or [""]
    while len(words) > 1 and ring_size(" ".join(words), setting, radius, degrees, 200) < SMALLEST:
        words.pop()
    shown = " ".join(words)
    return shown if len(words) > 1 else shown[:40]
