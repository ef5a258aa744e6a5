"""Colours as 8-bit triples, read from free text and adjusted in OKLCH until they can be told apart."""

from __future__ import annotations

import hashlib
import math
from typing import NamedTuple

from PIL import ImageColor


class RGB(NamedTuple):
    """An sRGB colour, 0-255 each."""

    red: int
    green: int
    blue: int

    @property
    def hex(self) -> str:
        """`#rrggbb`."""
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"


class LCH(NamedTuple):
    """A colour in OKLCH: lightness 0-1, chroma 0-0.4, hue in degrees."""

    light: float
    chroma: float
    hue: float


def parse_color(text: str) -> RGB:
    """Read `#RGB`, `#RRGGBB`, a CSS name or function; anything else becomes a stable colour of its own."""
    cleaned = text.strip().lower()
    try:
        red, green, blue = ImageColor.getrgb(cleaned[:64])[:3]
    except ValueError:
        return _color_of_text(cleaned)
    return RGB(red, green, blue)


def luminance(color: RGB) -> float:
    """Relative luminance 0-1 (WCAG 2.2)."""
    red, green, blue = (_linear(channel) for channel in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: RGB, other: RGB) -> float:
    """Contrast ratio 1-21 (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def legible(color: RGB, ground: RGB, ratio: float) -> RGB:
    """The colour, darkened or lightened just so far that its contrast to the ground reaches `ratio`."""
    if contrast(color, ground) >= ratio:
        return color
    lch = to_lch(color)
    goal = 0.0 if contrast(RGB(0, 0, 0), ground) >= contrast(RGB(255, 255, 255), ground) else 1.0
    for step in range(1, 33):
        light = lch.light + (goal - lch.light) * step / 32
        candidate = from_lch(lch._replace(light=light))
        if contrast(candidate, ground) >= ratio:
            return candidate
    return RGB(0, 0, 0) if goal == 0 else RGB(255, 255, 255)


def distance(one: RGB, other: RGB) -> float:
    """How different two colours look, in OKLab units (0.02 is just visible, black to white is 1)."""
    return math.dist(_oklab(one), _oklab(other))


def mix(one: RGB, other: RGB, share: float) -> RGB:
    """A blend: share 0 is `one`, 1 is `other`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return RGB(red, green, blue)


def to_lch(color: RGB) -> LCH:
    """Into OKLCH (B. Ottosson, "A perceptual color space for image processing", 2020)."""
    light, a, b = _oklab(color)
    return LCH(light, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360)


def from_lch(lch: LCH) -> RGB:
    """Back to sRGB; chroma is lowered until the colour exists there."""
    chroma = lch.chroma
    for _ in range(24):
        channels = _linear_of(lch.light, chroma, lch.hue)
        if all(-0.001 <= channel <= 1.001 for channel in channels):
            break
        chroma *= 0.88
    red, green, blue = (_encoded(channel) for channel in channels)
    return RGB(red, green, blue)


def _color_of_text(text: str) -> RGB:
    digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
    return from_lch(LCH(0.45 + digest[0] / 255 * 0.25, 0.14, digest[1] / 256 * 360))


def _oklab(color: RGB) -> tuple[float, float, float]:
    r, g, b = (_linear(channel) for channel in color)
    long = math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    middle = math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    short = math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _linear_of(light: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _linear(channel: int) -> float:
    value = channel / 255
    return float(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)


def _encoded(channel: float) -> int:
    value = min(max(channel, 0.0), 1.0)
    return round(255 * (value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055))
