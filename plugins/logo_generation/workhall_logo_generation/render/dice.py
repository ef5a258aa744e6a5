"""Choices that look free but follow from the brief: the same input always rolls the same numbers."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

from .brief import LogoBrief

T = TypeVar("T")


class Dice:
    """A stream of choices seeded by sha256.

    Only `random.Random.random()` is drawn from, the one method whose sequence Python promises to keep
    for a given seed, so the pictures do not change with the interpreter.
    """

    def __init__(self, *parts: object) -> None:
        """Seed from the parts; any difference in any of them gives another stream."""
        digest = hashlib.sha256("\x1f".join(repr(part) for part in parts).encode("utf-8", "replace"))
        self._random = random.Random(int.from_bytes(digest.digest(), "big"))

    @classmethod
    def for_brief(cls, brief: LogoBrief, purpose: str, index: int | None = None) -> Dice:
        """A stream for one purpose; without an index it is the same for all logos of the brief."""
        facts = (
            brief.brand_name,
            brief.logo_style,
            *brief.color_palette,
            brief.brand_vision,
            brief.archetype,
        )
        return cls(purpose, index, *facts)

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self._random.random()

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[int(self._random.random() * len(options))]

    def chance(self, probability: float) -> bool:
        """True with this probability (0-1)."""
        return self._random.random() < probability

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """All options in a new order."""
        keyed = [(self._random.random(), place) for place in range(len(options))]
        return [options[place] for _, place in sorted(keyed)]
