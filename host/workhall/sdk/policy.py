"""What a processor says about time: retries, back-off, rate and retention.

Every figure is exact unless it says otherwise; the operator can override each of them (``docs/operators.md``).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Backoff", "RateLimit", "Retention", "Retry", "exponential", "fixed", "sequence"]


class Backoff(BaseModel):
    """How long a job waits after a failed attempt; made by `exponential`, `fixed` or `sequence`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["exponential", "fixed", "sequence"]
    waits_s: tuple[float, ...] = Field(min_length=1)
    jitter: float = Field(default=0.0, ge=0.0, le=1.0)

    def wait_s(self, failures: int) -> float:
        """Return the seconds to wait after the ``failures``-th failed attempt (1 for the first)."""
        wait = self._exact_s(max(1, failures))
        return wait * random.uniform(1 - self.jitter, 1 + self.jitter) if self.jitter else wait

    def _exact_s(self, failures: int) -> float:
        if self.kind == "exponential":
            return float(self.waits_s[0] * 2 ** (failures - 1))
        if self.kind == "fixed":
            return self.waits_s[0]
        return self.waits_s[min(failures, len(self.waits_s)) - 1]


def exponential(base_s: float, *, jitter: float = 0.0) -> Backoff:
    """Wait ``base_s``, then twice, four times … as long; exactly, unless ``jitter`` (0-1) is asked for."""
    return Backoff(kind="exponential", waits_s=(base_s,), jitter=jitter)


def fixed(wait_s: float, *, jitter: float = 0.0) -> Backoff:
    """Wait ``wait_s`` seconds before every further attempt."""
    return Backoff(kind="fixed", waits_s=(wait_s,), jitter=jitter)


def sequence(waits_s: Sequence[float], *, jitter: float = 0.0) -> Backoff:
    """Wait the given seconds one after the other; the last one repeats.

    Raises:
        pydantic.ValidationError: where ``waits_s`` is empty.
    """
    return Backoff(kind="sequence", waits_s=tuple(waits_s), jitter=jitter)


class Retry(BaseModel):
    """How often a job runs in total, and how long it waits in between."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attempts: int = Field(default=3, ge=1, le=1000)
    backoff: Backoff = Field(default_factory=lambda: exponential(1))


class RateLimit(BaseModel):
    """At most ``max`` starts in any ``per_s`` seconds, all processes together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max: int = Field(ge=1)
    per_s: float = Field(gt=0)


class Retention(BaseModel):
    """How long the bulky parts of ended jobs stay: the newest ``count``, none older than ``age_s`` seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int = Field(ge=0)
    age_s: int = Field(ge=0)
