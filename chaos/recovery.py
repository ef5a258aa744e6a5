"""How long jobs stand still after their worker was killed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import quantiles

from chaos.faults import WorkerKill
from chaos.rows import Attempt

__all__ = ["percentile", "recovery_times_s"]


def recovery_times_s(kills: Sequence[WorkerKill], attempts: Mapping[str, Sequence[Attempt]]) -> list[float]:
    """Return the seconds from each kill to the next attempt of each job that the worker was at work on."""
    return sorted(
        (after.started_at - kill.at_ms) / 1000
        for job in attempts.values()
        for attempt, after in pairwise(job)
        for kill in kills
        if _was_hit(attempt, kill)
    )


def percentile(values: Sequence[float], percent: int) -> float | None:
    """Return that percentile (1-99) of ``values``; None where there are none."""
    if len(values) < 2:
        return values[0] if values else None
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def _was_hit(attempt: Attempt, kill: WorkerKill) -> bool:
    """Worker ids hold the process id: host-pid-random."""
    is_its = attempt.worker_id.rsplit("-", 2)[-2] == str(kill.pid)
    return is_its and attempt.started_at <= kill.at_ms and (attempt.ended_at is None or attempt.ended_at > kill.at_ms)
