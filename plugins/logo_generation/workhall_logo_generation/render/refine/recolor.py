"""Changing the colours of a picture without touching its shapes."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageFilter

from workhall_logo_generation.render.color import RGB

_GRID = 17
_Pair = tuple[RGB, RGB]


def recolored(image: Image.Image, pairs: Sequence[_Pair]) -> Image.Image:
    """Move every `(from, to)` colour to its new place; colours between two of them end up in between.

    A smooth map of the whole colour space (inverse distance weights), so soft edges stay soft.
    """
    steps = [round(255 * i / (_GRID - 1)) for i in range(_GRID)]
    table: list[float] = []
    for blue in steps:
        for green in steps:
            for red in steps:
                table.extend(_moved(RGB(red, green, blue), pairs))
    return image.filter(ImageFilter.Color3DLUT(_GRID, table))


def _moved(color: RGB, pairs: Sequence[_Pair]) -> tuple[float, float, float]:
    total = red = green = blue = 0.0
    for start, end in pairs:
        gap = (color[0] - start[0]) ** 2 + (color[1] - start[1]) ** 2 + (color[2] - start[2]) ** 2
        weight = 1.0 / (gap * gap + 1.0)
        total += weight
        red, green, blue = red + weight * end[0], green + weight * end[1], blue + weight * end[2]
    return red / total / 255, green / total / 255, blue / total / 255
