"""Brief to picture."""

from __future__ import annotations

from .art import document
from .brief import LogoBrief
from .layouts import compose
from .raster import rasterize


def logo_svg(brief: LogoBrief, index: int) -> str:
    """The logo with this 0-based index as SVG text: outlines only, no text, links or fonts."""
    sheet = compose(brief, index)
    return document(sheet.ground, sheet.parts)


def render_logo(brief: LogoBrief, index: int) -> bytes:
    """The logo with this 0-based index as a PNG of 1024 x 1024 pixels.

    The variation is index % 8. The same input gives the same bytes on every host.
    """
    return rasterize(logo_svg(brief, index))
