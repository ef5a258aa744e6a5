"""Symbols: which motif suits a brief, and how each is drawn."""

from __future__ import annotations

from .choosing import choose_symbol
from .model import Piece, Role, Symbol

__all__ = ["Piece", "Role", "Symbol", "choose_symbol"]
