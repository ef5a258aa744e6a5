"""The embedded logo renderer: needs no key, no network and no fonts of the host.

Both functions are pure, synchronous and safe to call from threads; everything they choose follows
from their arguments.
"""

from __future__ import annotations

from .brief import VARIATIONS, LogoBrief, LogoStyle, Variation, variation_for
from .engine import logo_svg, render_logo
from .refine import refine_logo

__all__ = [
    "VARIATIONS",
    "LogoBrief",
    "LogoStyle",
    "Variation",
    "logo_svg",
    "refine_logo",
    "render_logo",
    "variation_for",
]
