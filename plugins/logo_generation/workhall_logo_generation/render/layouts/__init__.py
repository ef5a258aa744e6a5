"""The eight compositions in five styles each."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from workhall_logo_generation.render.brief import LogoBrief, LogoStyle, variation_for
from workhall_logo_generation.render.dice import Dice
from workhall_logo_generation.render.palette import GroundKind
from workhall_logo_generation.render.studio import Sheet, Studio, open_studio

from . import combination, emblem, geometric, icon, lettermark, negative, organic, wordmark

Composition = Callable[[Studio], Sheet]

_MODULES: dict[str, ModuleType] = {
    "icon": icon,
    "lettermark": lettermark,
    "emblem": emblem,
    "wordmark": wordmark,
    "combination": combination,
    "geometric": geometric,
    "organic": organic,
    "negative-space": negative,
}

_GROUNDS: dict[tuple[str, LogoStyle], GroundKind] = {
    ("icon", "bold"): "brand",
    ("wordmark", "bold"): "brand",
    ("wordmark", "modern"): "dark",
    ("wordmark", "playful"): "brand",
    ("lettermark", "vintage"): "dark",
    ("geometric", "minimal"): "dark",
}
"""Where a composition does not stand on light ground."""


def compose(brief: LogoBrief, index: int) -> Sheet:
    """The composition for one logo: variation by index, design by style."""
    variation = variation_for(index).name
    studio = open_studio(brief, index, _ground_kind(brief, index, variation))
    composition: Composition = getattr(_MODULES[variation], brief.logo_style)
    return composition(studio)


def _ground_kind(brief: LogoBrief, index: int, variation: str) -> GroundKind:
    """The design's own ground in the first round of eight, then by lot."""
    if index < 8:
        return _GROUNDS.get((variation, brief.logo_style), "light")
    options: tuple[GroundKind, ...] = ("light", "light", "brand", "dark")
    return Dice.for_brief(brief, "ground", index).pick(options)
