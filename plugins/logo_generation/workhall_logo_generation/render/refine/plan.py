"""From wishes to one definite set of changes; what the notes leave open follows from the index."""

from __future__ import annotations

from dataclasses import dataclass

from workhall_logo_generation.render.brief import LogoBrief
from workhall_logo_generation.render.color import RGB, contrast, luminance, to_lch
from workhall_logo_generation.render.palette import GroundKind, Scheme, build_scheme
from workhall_logo_generation.render.words import tagline

from .notes import FrameKind, Wishes
from .picture import Picture


@dataclass(frozen=True)
class Look:
    """A default treatment: what a refinement does where the notes say nothing."""

    ground: GroundKind | None
    frame: FrameKind
    weight: int


_LOOKS = (
    Look(None, "none", 0),
    Look("brand", "none", 0),
    Look("light", "ring", 0),
    Look("dark", "none", 0),
    Look("light", "frame", 0),
    Look("brand", "ring", 0),
    Look("dark", "frame", 0),
    Look("light", "none", 1),
)
_MONOCHROME = ("#161618", "#84848a", "#ffffff")


@dataclass(frozen=True)
class Plan:
    """All changes to one picture, decided."""

    scheme: Scheme
    pairs: tuple[tuple[RGB, RGB], ...]
    """Which colour becomes which."""
    frame: FrameKind
    weight: int
    """Steps by which lines grow (or shrink, if negative)."""
    scale: float
    """Wished size, 1 for as large as the frame allows comfortably."""
    tagline: str


def make_plan(picture: Picture, wishes: Wishes, brief: LogoBrief, index: int) -> Plan:
    """Decide on the changes."""
    look = _LOOKS[index % len(_LOOKS)]
    kind = wishes.ground or (look.ground if picture.plain_edge else None)
    scheme = _scheme(picture, wishes, brief, kind, index)
    return Plan(
        scheme=scheme,
        pairs=_pairs(picture, scheme, wishes.keep_colors),
        frame=wishes.frame or look.frame,
        weight=look.weight if wishes.weight is None else wishes.weight,
        scale=wishes.scale or 1,
        tagline=_tagline(wishes, brief),
    )


def _scheme(picture: Picture, wishes: Wishes, brief: LogoBrief, kind: GroundKind | None, index: int) -> Scheme:
    own: GroundKind = "dark" if luminance(picture.ground) < 0.4 and picture.plain_edge else "light"
    if wishes.monochrome:
        scheme = build_scheme(_MONOCHROME, brief.logo_style, wishes.ground or own)
    else:
        palette = [color.hex for color in wishes.colors] + list(brief.color_palette)
        turn = 0 if wishes.colors else index // len(_LOOKS) + index % 2
        scheme = build_scheme(palette, brief.logo_style, kind or own, turn)
    return scheme.on(wishes.ground_color) if wishes.ground_color else scheme


def _tagline(wishes: Wishes, brief: LogoBrief) -> str:
    if wishes.tagline is None:
        return ""
    return wishes.tagline or tagline(brief.brand_vision, brief.archetype)


def _pairs(picture: Picture, scheme: Scheme, keep: bool) -> tuple[tuple[RGB, RGB], ...]:
    """Which colour of the picture becomes which of the scheme."""
    if keep:
        return tuple((color, color) for color in (picture.ground, *picture.inks))
    return _by_role(picture, scheme) if picture.plain_edge else _by_lightness(picture, scheme)


def _by_role(picture: Picture, scheme: Scheme) -> tuple[tuple[RGB, RGB], ...]:
    """The ground goes to the ground, the most neutral strong ink to the lettering colour, the rest in turn."""
    lettering = _lettering(picture) if len(picture.inks) > 1 else None
    others = [ink for ink in picture.inks if ink != lettering]
    moves = [(ink, scheme.colors[place % 3]) for place, ink in enumerate(others)]
    ends = [(lettering, scheme.ink)] if lettering else []
    return ((picture.ground, scheme.ground), *moves, *ends)


def _by_lightness(picture: Picture, scheme: Scheme) -> tuple[tuple[RGB, RGB], ...]:
    """Dark stays dark and light stays light: where several grounds meet, that keeps all lettering legible."""
    colors = sorted({picture.ground, *picture.inks}, key=luminance)
    goals = dict.fromkeys((scheme.ground, scheme.ink, scheme.main, scheme.second, scheme.accent))
    steps = sorted(list(goals)[: max(3, len(colors))], key=luminance)
    last = max(len(colors) - 1, 1)
    return tuple((color, steps[round(place / last * (len(steps) - 1))]) for place, color in enumerate(colors))


def _lettering(picture: Picture) -> RGB | None:
    """The ink that is greyish and stands out most, if there is one."""
    greys = [ink for ink in picture.inks if to_lch(ink).chroma < 0.08 and contrast(ink, picture.ground) > 4.5]
    return max(greys, key=lambda ink: contrast(ink, picture.ground), default=None)
