"""The typographic and graphic voice of each of the five styles."""

from __future__ import annotations

from dataclasses import dataclass

from .brief import LogoStyle
from .fonts import manrope, rounded_face, serif
from .typography import Setting


@dataclass(frozen=True)
class Voice:
    """How a style speaks: settings for the name, the initials and the tagline, and its line weight.

    `line` is the stroke width as a share of the size of what is drawn.
    """

    name: Setting
    initial: Setting
    tag: Setting
    line: float


VOICES: dict[LogoStyle, Voice] = {
    "minimal": Voice(
        Setting(manrope("Light"), 0.22, caps=True, leading=1.5),
        Setting(manrope("ExtraLight"), 0.08),
        Setting(manrope("Regular"), 0.3, caps=True),
        0.022,
    ),
    "bold": Voice(
        Setting(manrope("ExtraBold"), -0.02, caps=True, leading=0.98),
        Setting(manrope("ExtraBold"), -0.04),
        Setting(manrope("Bold"), 0.16, caps=True),
        0.075,
    ),
    "vintage": Voice(
        Setting(serif("Semibold"), 0.07, caps=True, leading=1.16),
        Setting(serif("Bold"), 0.0),
        Setting(serif("Semibold"), 0.2, caps=True),
        0.028,
    ),
    "modern": Voice(
        Setting(manrope("Bold"), -0.02, leading=1.1),
        Setting(manrope("Bold"), -0.02),
        Setting(manrope("Medium"), 0.14, caps=True),
        0.04,
    ),
    "playful": Voice(
        Setting(rounded_face(), 0.01, leading=1.06),
        Setting(rounded_face(), 0.0),
        Setting(rounded_face(), 0.12, caps=True),
        0.055,
    ),
}
"""One voice per style."""
