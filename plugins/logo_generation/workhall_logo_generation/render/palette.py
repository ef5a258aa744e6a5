"""From the customer's colours to the few roles a logo needs, each checked against its ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .brief import LogoStyle
from .color import LCH, RGB, contrast, distance, from_lch, legible, luminance, mix, parse_color, to_lch

GroundKind = Literal["light", "brand", "dark"]

WHITE = RGB(255, 255, 255)
_PAPER: dict[LogoStyle, LCH] = {
    "minimal": LCH(0.99, 0.002, 90),
    "bold": LCH(0.985, 0.004, 90),
    "vintage": LCH(0.955, 0.026, 88),
    "modern": LCH(0.99, 0.004, 250),
    "playful": LCH(0.97, 0.02, 95),
}

WEAK_RATIO = 2.2
"""Contrast below which a colour would have to change beyond recognition to lead; it goes second as it is."""

INK_RATIO = 7.0
"""Contrast from which a colour of the palette is dark (or light) enough for all lettering (WCAG AAA)."""

TEXT_RATIO, MARK_RATIO, DETAIL_RATIO = 4.6, 3.1, 1.4
"""Least contrast to the ground: lettering (WCAG AA), the mark itself (WCAG graphics), and mere details."""


@dataclass(frozen=True)
class Scheme:
    """The colours of one picture, all legible on `ground`."""

    ground: RGB
    ink: RGB
    main: RGB
    second: RGB
    accent: RGB

    @property
    def tint(self) -> RGB:
        """A whisper of the main colour on the ground, for large quiet areas."""
        return mix(self.ground, self.main, 0.14)

    @property
    def caption(self) -> RGB:
        """The main colour, strong enough for small lettering."""
        return legible(self.main, self.ground, 4.6)

    @property
    def letters(self) -> tuple[RGB, RGB]:
        """Two colours strong enough for large lettering next to each other."""
        return (self.main, next(c for c in (self.second, self.accent, self.ink) if _reads(c, self)))

    @property
    def colors(self) -> tuple[RGB, RGB, RGB]:
        """Main, second and accent, for marks of many colours."""
        return (self.main, self.second, self.accent)

    def on(self, ground: RGB) -> Scheme:
        """The same family of colours made legible on another ground."""
        return _scheme_on(ground, (self.main, self.second, self.accent, self.ground, self.ink))

    def knockout(self, ground: RGB) -> Scheme:
        """One clear light or dark colour on another ground, with softer steps of it as second and accent."""
        clear = clear_color(ground, (self.ground, self.ink))
        return Scheme(ground, clear, clear, mix(clear, ground, 0.28), mix(clear, ground, 0.14))


def build_scheme(palette: Sequence[str], style: LogoStyle, kind: GroundKind, turn: int = 0) -> Scheme:
    """The scheme for a palette; `turn` moves on which of the colours leads."""
    colors = list(dict.fromkeys(parse_color(text) for text in palette[:8])) or [parse_color("slate")]
    hues = _leading(colors, turn)
    if kind == "light":
        return _scheme_on(_paper(colors, style, hues[0]), hues)
    if kind == "brand":
        return _scheme_on(_brand_ground(hues[0]), (*hues[1:], *_lights(colors), WHITE))
    return _scheme_on(_dark_ground(colors, hues[0]), (*hues, *_lights(colors), WHITE))


def _reads(color: RGB, scheme: Scheme) -> bool:
    return color == scheme.ink or (contrast(color, scheme.ground) >= 2.4 and distance(color, scheme.main) > 0.1)


def clear_color(ground: RGB, own: Sequence[RGB] = ()) -> RGB:
    """White, or one of the picture's own light colours, where it can be read; else the darkest at hand."""
    lights = [c for c in (*own, WHITE) if luminance(c) > 0.7 and contrast(c, ground) >= MARK_RATIO]
    return next(iter([*lights, *(c for c in own if contrast(c, ground) >= TEXT_RATIO)]), RGB(20, 20, 24))


def _lights(colors: Sequence[RGB]) -> list[RGB]:
    return [c for c in colors if to_lch(c).light > 0.9 and to_lch(c).chroma < 0.09]


def _leading(colors: Sequence[RGB], turn: int) -> list[RGB]:
    """Colours that can carry a mark, the leading one first; the near-white ones serve as ground instead."""
    carriers = [c for c in colors if c not in _lights(colors)] or [RGB(32, 34, 38)]
    colorful = [c for c in carriers if to_lch(c).chroma > 0.03 and to_lch(c).light > 0.2] or carriers
    place = turn % len(colorful)
    turned = colorful[place:] + colorful[:place]
    return turned + [c for c in carriers if c not in colorful]


def _paper(colors: Sequence[RGB], style: LogoStyle, lead: RGB) -> RGB:
    lights = _lights(colors)
    if lights:
        return max(lights, key=luminance) if style == "minimal" else lights[0]
    paper = _PAPER[style]
    return from_lch(paper._replace(hue=to_lch(lead).hue) if style == "playful" else paper)


def _brand_ground(lead: RGB) -> RGB:
    """The leading colour as a ground; a middling one is deepened until white lettering can be read."""
    dark_reads = contrast(lead, RGB(20, 20, 24)) >= 9
    return lead if dark_reads else legible(lead, WHITE, TEXT_RATIO)


def _dark_ground(colors: Sequence[RGB], lead: RGB) -> RGB:
    darks = [c for c in colors if to_lch(c).light < 0.45]
    lch = to_lch(lead)
    return darks[0] if darks else from_lch(LCH(0.24, min(lch.chroma, 0.05), lch.hue))


def _scheme_on(ground: RGB, wishes: Sequence[RGB]) -> Scheme:
    family = [c for c in wishes if distance(c, ground) > 0.12] or [legible(ground, ground, MARK_RATIO)]
    if 0.06 < luminance(ground) < 0.7:
        return _scheme_on_color(ground, family)
    family.sort(key=lambda c: contrast(c, ground) < WEAK_RATIO)
    if contrast(family[0], ground) < WEAK_RATIO:
        family.insert(0, _ink(ground, family))
    main = legible(family[0], ground, MARK_RATIO)
    single = len(family) == 1
    second = _apart([*family[1:], _neighbour(main, 34, ground)], (main,), ground)
    foreign = _neighbour(main, 160, ground) if single else mix(main, second, 0.5)
    accent = _apart([*family[1:], foreign], (main, second), ground)
    return Scheme(ground, _ink(ground, family), main, second, accent)


def _scheme_on_color(ground: RGB, family: Sequence[RGB]) -> Scheme:
    """On a strong colour one clear tone leads; others join in only as they are, never shifted."""
    clear = clear_color(ground, [c for c in family if to_lch(c).chroma < 0.09])
    readable = [c for c in family if contrast(c, ground) >= 1.6 and distance(c, clear) > 0.16]
    soft = mix(clear, ground, 0.36)
    second = readable[0] if readable else soft
    others = [c for c in readable[1:] if distance(c, second) > 0.13]
    return Scheme(ground, legible(clear, ground, TEXT_RATIO), clear, second, others[0] if others else soft)


def _apart(wishes: Sequence[RGB], taken: Sequence[RGB], ground: RGB) -> RGB:
    """The first wish that differs from the colours taken; if none does, a lighter or darker step."""
    for wish in wishes:
        color = legible(wish, ground, DETAIL_RATIO)
        if all(distance(color, other) > 0.1 for other in taken):
            return color
    lch = to_lch(taken[0])
    step = 0.2 if lch.light < 0.55 else -0.2
    return legible(from_lch(lch._replace(light=lch.light + step * len(taken))), ground, DETAIL_RATIO)


def _neighbour(color: RGB, hue: float, ground: RGB) -> RGB:
    """A companion of the colour: hue turned, lightness moved; greys stay grey."""
    lch = to_lch(color)
    light = min(lch.light + 0.16, 0.86) if luminance(ground) > 0.4 else max(lch.light - 0.14, 0.3)
    return from_lch(LCH(light, lch.chroma, (lch.hue + hue) % 360))


def _ink(ground: RGB, family: Sequence[RGB]) -> RGB:
    """The lettering colour: the palette's own near-black or -white if it has one, else a tinted one."""
    strong = [c for c in family if contrast(c, ground) >= INK_RATIO]
    if strong:
        return max(strong, key=lambda c: contrast(c, ground) - 30 * to_lch(c).chroma)
    lch = to_lch(family[0])
    light = 0.24 if luminance(ground) > 0.18 else 0.98
    return legible(from_lch(LCH(light, min(lch.chroma, 0.05), lch.hue)), ground, TEXT_RATIO)
