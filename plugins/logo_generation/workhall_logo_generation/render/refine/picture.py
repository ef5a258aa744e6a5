"""Reading the picture to refine: any common format in, a square RGB image with a known ground out."""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from PIL import Image, ImageOps, UnidentifiedImageError

from workhall_logo_generation.render.art import CANVAS
from workhall_logo_generation.render.color import RGB, distance

_MOST_PIXELS = 40_000_000
_FORMATS = ("PNG", "JPEG", "WEBP")
_NEAR = 0.08
"""OKLab distance below which two colours of a picture count as one."""


@dataclass(frozen=True)
class Picture:
    """A square RGB image of the canvas size, and what colours it is made of."""

    image: Image.Image
    ground: RGB
    inks: tuple[RGB, ...]
    """The colours that stand on the ground, the most frequent first."""
    plain_edge: bool
    """Whether the ground runs all along the edge, so that it can be extended unseen."""


def read_picture(data: bytes) -> Picture:
    """Decode PNG, JPEG or WebP bytes and fit them onto the canvas; ValueError if that cannot be done."""
    image = _squared(_decoded(data))
    edge = _edge_colors(image)
    ground, count = edge.most_common(1)[0]
    alike = sum(times for color, times in edge.items() if distance(color, ground) < _NEAR)
    return Picture(image, ground, _inks(image, ground), alike > 0.94 * sum(edge.values()) and count > 0)


def _decoded(data: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise ValueError(f"The previous logo has {_megapixels(opened)} megapixels; at most 40 can be refined.")
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise ValueError("The previous logo is not a readable PNG, JPEG or WebP picture.") from error
    white = Image.new("RGBA", upright.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, upright).convert("RGB")


def _megapixels(image: Image.Image) -> int:
    return image.width * image.height // 1_000_000


def _squared(image: Image.Image) -> Image.Image:
    """Fitted into the square; what is left over gets the colour of the picture's corner."""
    if image.size == (CANVAS, CANVAS):
        return image
    corner = image.getpixel((0, 0))
    color = corner if isinstance(corner, tuple) else (255, 255, 255)
    return ImageOps.pad(image, (CANVAS, CANVAS), Image.Resampling.LANCZOS, color=color)


def _edge_colors(image: Image.Image) -> Counter[RGB]:
    small = image.resize((64, 64), Image.Resampling.BOX)
    places = [(i, j) for i in range(64) for j in (0, 63)] + [(i, j) for i in (0, 63) for j in range(1, 63)]
    return Counter(_pixel(small, place) for place in places)


def _inks(image: Image.Image, ground: RGB) -> tuple[RGB, ...]:
    """Up to five dominant colours that differ from the ground and from each other."""
    reduced = image.resize((256, 256), Image.Resampling.NEAREST).quantize(24, Image.Quantize.MEDIANCUT)
    palette = reduced.getpalette() or []
    counts = sorted(reduced.getcolors() or [], key=lambda entry: (-entry[0], str(entry[1])))
    found: list[RGB] = []
    for times, entry in counts:
        start = int(entry) * 3 if isinstance(entry, int) else 0
        color = RGB(*palette[start : start + 3])
        distinct = all(distance(color, other) > _NEAR * 1.5 for other in (ground, *found))
        if times > 60 and distinct and (times > 1300 or not _is_mix(color, (ground, *found))):
            found.append(color)
    return tuple(found[:5])


def _is_mix(color: RGB, others: Sequence[RGB]) -> bool:
    """Whether a rare colour is only the soft edge between two frequent ones."""
    for one, other in combinations(others, 2):
        span = math.dist(one, other)
        if math.dist(one, color) + math.dist(color, other) < span * 1.04:
            return True
    return False


def _pixel(image: Image.Image, place: tuple[int, int]) -> RGB:
    value = image.getpixel(place)
    return RGB(*(int(channel) for channel in value[:3])) if isinstance(value, tuple) else RGB(0, 0, 0)
