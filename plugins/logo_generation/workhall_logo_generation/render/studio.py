"""What a composition works with: the brief's texts and colours, and the parts drawn from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .art import Art, stack
from .brief import LogoBrief, LogoStyle
from .color import RGB
from .dice import Dice
from .finish import render_symbol
from .palette import GroundKind, Scheme, build_scheme
from .symbols import Symbol, choose_symbol
from .typography import Line, block_art, fit_line, set_block
from .voice import VOICES, Voice
from .words import initials, tagline


@dataclass(frozen=True)
class Sheet:
    """A finished composition: the ground and what stands on it, in canvas coordinates."""

    ground: RGB
    parts: tuple[Art, ...]


@dataclass(frozen=True)
class Studio:
    """The materials of one logo. Parts come without a place; compositions put them somewhere."""

    name: str
    style: LogoStyle
    scheme: Scheme
    dice: Dice
    symbol: Symbol
    initials: str
    tagline: str
    repeat: int
    """How many times this variation has come before in the batch."""

    @property
    def voice(self) -> Voice:
        """Typographic voice of the style."""
        return VOICES[self.style]

    def on(self, ground: RGB) -> Studio:
        """The same materials in colours for another ground."""
        return replace(self, scheme=self.scheme.on(ground))

    def knockout(self, ground: RGB) -> Studio:
        """The same materials in one light or dark colour for a strong ground."""
        return replace(self, scheme=self.scheme.knockout(ground))

    def mark(self, size: float) -> Art:
        """The symbol in the style's finish, about the origin."""
        return render_symbol(self.symbol, self.scheme, self.style, size)

    def grown(self, largest: float) -> float:
        """A size limit for the name; very short names may be larger."""
        return largest * (1 + 1.6 / math.pow(max(len(self.name.strip()), 1), 1.5))

    def name_lines(self, width: float, height: float, largest: float, most_lines: int = 4) -> list[Line]:
        """The name fitted into an area; empty if no letter of it can be drawn."""
        return set_block(self.name, self.voice.name, width, height, largest, most_lines)

    def name_art(
        self,
        width: float,
        height: float,
        largest: float,
        color: RGB | None = None,
        align: float = 0.5,
        most_lines: int = 4,
    ) -> Art | None:
        """The name as a block, in ink unless another colour is given."""
        lines = self.name_lines(width, height, self.grown(largest), most_lines)
        return block_art(lines, self.voice.name, color or self.scheme.ink, align) if lines else None

    def tag_art(self, width: float, largest: float, color: RGB | None = None) -> Art | None:
        """The tagline in one line; None if there is none, or no room for it."""
        line = fit_line(self.tagline, self.voice.tag, width, 200, largest) if self.tagline else None
        return line.art(color or self.scheme.caption) if line and line.size >= 15 else None

    def caption(self, width: float, largest: float, repeats_initial: bool = False) -> Art | None:
        """The name small below a figure; left out where the figure already shows all of it."""
        if repeats_initial and self.initials and len(self.name.strip()) <= 1:
            return None
        return self.name_art(width, 130, largest, most_lines=2)

    def title(self, width: float, height: float, largest: float, align: float = 0.5) -> Art | None:
        """Name with tagline below, within an area."""
        name = self.name_art(width, height * 0.74, largest, align=align)
        tag = self.tag_art(width if name is None else min(width, max(name.box.width, 360)), 30)
        gap = 30 if name is None else max(20.0, min(40.0, height * 0.14))
        return stack_present([name, tag], gap, align)

    def initial_line(self, width: float, height: float, letters: str | None = None) -> Line | None:
        """The initials (or given letters) as large as the area allows; None if there are none."""
        text = letters or self.initials
        return fit_line(text, self.voice.initial, width, height) if text else None

    def letter(self, width: float, height: float, color: RGB) -> Art:
        """The first initial in one colour; without initials the symbol takes its place."""
        line = self.initial_line(width, height, self.initials[:1])
        return line.art(color) if line else self.mark(min(width, height) * 0.9)


def stack_present(parts: Sequence[Art | None], gap: float, align: float = 0.5) -> Art | None:
    """Those parts that exist, below each other; None if none does."""
    present = [part for part in parts if part]
    return stack(present, gap, align) if present else None


def open_studio(brief: LogoBrief, index: int, kind: GroundKind) -> Studio:
    """Gather the materials for the logo with this index on a ground of this kind."""
    dice = Dice.for_brief(brief, "logo", index)
    repeat = index // 8
    return Studio(
        name=brief.brand_name[:240],
        style=brief.logo_style,
        scheme=build_scheme(brief.color_palette, brief.logo_style, kind, turn=repeat),
        dice=dice,
        symbol=choose_symbol(brief, index, dice),
        initials=initials(brief.brand_name),
        tagline=tagline(brief.brand_vision, brief.archetype),
        repeat=repeat,
    )
