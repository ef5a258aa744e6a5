"""What a symbol is: outlines with roles, drawn about the origin at a radius of about 100."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from workhall_logo_generation.render.dice import Dice
from workhall_logo_generation.render.path import Box, Path, union_of


class Role(Enum):
    """What an outline does in a symbol; the style decides how that looks."""

    MAIN = "main"
    SECOND = "second"
    ACCENT = "accent"
    CUT = "cut"
    """Filled with the ground, on top of what lies below."""
    RIB = "rib"
    """A line in the colour of the ground, such as a vein; in line drawings it is a line like all others."""
    GAP = "gap"
    """A line in the colour of the ground that keeps what crosses apart, in every style."""
    LINE = "line"
    """A line in the main colour."""


@dataclass(frozen=True)
class Piece:
    """One outline of a symbol; `width` counts for lines only."""

    path: Path
    role: Role = Role.MAIN
    width: float = 8.0


@dataclass(frozen=True)
class Symbol:
    """A motif, first piece at the bottom. `sheer` ones are overlapping shapes meant to shine through."""

    name: str
    pieces: tuple[Piece, ...]
    sheer: bool = False

    @property
    def box(self) -> Box:
        """Extent of the outlines; lines count with their width."""
        return union_of(
            piece.path.box.grown(piece.width / 2 if piece.role is Role.LINE else 0) for piece in self.pieces
        )

    def normalized(self) -> Symbol:
        """Centred on the origin and scaled so that its longer side is 200."""
        box = self.box
        factor = 200 / max(box.width, box.height, 1)
        (x, y) = box.center
        pieces = (
            Piece(piece.path.moved(-x, -y).scaled(factor), piece.role, piece.width * factor) for piece in self.pieces
        )
        return Symbol(self.name, tuple(pieces), self.sheer)


Drawing = Callable[[Dice], Symbol]
"""A motif's drawing routine; the dice choose among its variants."""


def main(path: Path) -> Piece:
    """An area in the main colour."""
    return Piece(path)


def second(path: Path) -> Piece:
    """An area in the second colour."""
    return Piece(path, Role.SECOND)


def accent(path: Path) -> Piece:
    """A small area in the accent colour."""
    return Piece(path, Role.ACCENT)


def cut(path: Path) -> Piece:
    """An area in the colour of the ground."""
    return Piece(path, Role.CUT)


def rib(path: Path, width: float = 8) -> Piece:
    """A line in the colour of the ground, such as a vein; in line drawings it is a line like all others."""
    return Piece(path, Role.RIB, width)


def gap(path: Path, width: float = 8) -> Piece:
    """A line in the colour of the ground where one thing passes over another."""
    return Piece(path, Role.GAP, width)


def line(path: Path, width: float = 8) -> Piece:
    """A line in the main colour."""
    return Piece(path, Role.LINE, width)


def alternating(paths: list[Path]) -> tuple[Piece, ...]:
    """Areas in main and second colour by turns."""
    return tuple(second(path) if place % 2 else main(path) for place, path in enumerate(paths))
