"""Clocks and counters that every Python subject is measured with."""

from __future__ import annotations

import asyncio
import math
import resource
import time
from collections.abc import Sequence

from bench.protocol import Figures, Load, Mode


class BenchmarkError(Exception):
    """A run whose figures would be wrong; the text is one sentence for the reader of the table."""


class Stopwatch:
    """Wall time and this process' processor time between `start()` and `stop()`, both in seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.cpu_seconds = 0.0

    def start(self) -> None:
        """Open the window."""
        self._cpu_at_start = _own_cpu_seconds()
        self._started = time.perf_counter()

    def stop(self) -> None:
        """Close the window."""
        self.seconds = time.perf_counter() - self._started
        self.cpu_seconds = _own_cpu_seconds() - self._cpu_at_start


class Tally:
    """Counts a worker's jobs, opens the window when the warm-up is over and closes it on the last job.

    A subject calls `handler_started` first thing in its handler and `job_finished` once the outcome is
    recorded.
    """

    def __init__(self, load: Load) -> None:
        self.window = Stopwatch()
        self.latencies_ms: list[float] = []
        self._load = load
        self._started = 0
        self._finished: set[str] = set()
        self._failure: str | None = None
        self._over = asyncio.Event()

    def handler_started(self, sent_ns: int) -> None:
        """Note one handler's start; `sent_ns` is `time.time_ns()` just before the job was added."""
        self._started += 1
        if self._started > self._load.warmup:
            self.latencies_ms.append((time.time_ns() - sent_ns) / 1e6)

    def job_finished(self, key: str) -> None:
        """Note that the outcome of the job with this key is recorded; a job that ran twice counts once."""
        before = len(self._finished)
        self._finished.add(key)
        if len(self._finished) == before:
            return
        if before + 1 == self._load.warmup:
            self.window.start()
        if before + 1 == self._load.total:
            self.window.stop()
            self._over.set()

    def job_failed(self, reason: str) -> None:
        """Note that a job did not complete: the run is void and `drained` raises."""
        self._failure = reason
        self._over.set()

    async def drained(self) -> None:
        """Wait until every job is finished; raises BenchmarkError when one failed."""
        await self._over.wait()
        if self._failure is not None:
            raise BenchmarkError(f"a no-op job failed: {self._failure}")

    @property
    def extra_starts(self) -> int:
        """How many times a handler was started for a job that had been started before."""
        return self._started - self._load.total


def figures(subject: str, mode: Mode, jobs: int, window: Stopwatch, **more: float | None) -> Figures:
    """A finished measurement as the protocol's JSON line, rounded to what the clocks can tell.

    `more` are fields of `Figures` that only some modes have.
    """
    return Figures.model_validate(
        {
            "subject": subject,
            "mode": mode,
            "jobs": jobs,
            "seconds": round(window.seconds, 4),
            "jobs_per_s": round(jobs / window.seconds, 1),
            "cpu_us_per_job": round(window.cpu_seconds * 1e6 / jobs, 1),
            **more,
        }
    )


def percentiles(durations_ms: Sequence[float]) -> dict[str, float]:
    """The fields `p50_ms` and `p99_ms` of `Figures`, in milliseconds."""
    return {f"p{percent}_ms": round(_percentile(durations_ms, percent), 3) for percent in (50, 99)}


def _own_cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile (0-100) of a non-empty sequence."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)]
