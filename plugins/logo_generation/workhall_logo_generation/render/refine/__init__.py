"""Refining a logo that exists already."""

from __future__ import annotations

from .pipeline import refine_logo

__all__ = ["refine_logo"]
