"""The two ports of the jobs layer.

`Store` is the truth: every method that changes something returns after its commit. `Dispatcher` orders and announces:
its methods return at once and may be lost, the reconciler makes them good from the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from workhall.jobs.messages import (
    Claim,
    ClaimedJob,
    JobLine,
    JobState,
    JobWrite,
    LoggedEvent,
    NotClaimed,
    Rescue,
    Rescued,
    Submission,
    Submitted,
    Written,
)

__all__ = ["Dispatcher", "Store"]


class Store(Protocol):
    """The rows, as the engine and the execution of jobs need them."""

    async def submit(self, submission: Submission) -> Submitted:
        """Insert the jobs and their first events, reserving their credits.

        Raises:
            workhall.jobs.errors.JobsError: brand not found, credits short, or an idempotency key used otherwise.
        """

    async def claim(self, claims: Sequence[Claim]) -> list[ClaimedJob | NotClaimed]:
        """Start attempts; the answer keeps the order."""

    async def write(self, write: JobWrite) -> Written | None:
        """Apply a fenced write; None where the claim is no longer ours and nothing was written."""

    async def rescue(self, rescues: Sequence[Rescue]) -> list[Rescued | None]:
        """Put jobs of dead workers back; None for those that had moved on."""

    async def states(self, job_ids: Sequence[str]) -> list[JobState]:
        """Return where each of the jobs is that exist."""

    async def live(self, after: tuple[int, str], limit: int) -> list[JobState]:
        """Return a page of jobs that have not ended, by (created_at, job_id), above ``after``."""

    async def events(self, job_id: str, after: int = 0, limit: int = 1000) -> list[LoggedEvent]:
        """Return a job's events with ``seq`` above ``after``, in order."""


class Dispatcher(Protocol):
    """Orders and announces jobs; every call returns at once and never raises."""

    def enqueue(self, lines: Iterable[JobLine]) -> None:
        """Make jobs known: ready now, or from their ``run_at`` on."""

    def publish(self, events: Iterable[LoggedEvent]) -> None:
        """Announce events that are committed."""

    def cancel(self, asked: Iterable[tuple[str, str]]) -> None:
        """Tell workers that running jobs were cancelled, as (job id, worker id)."""

    def done(self, job_ids: Iterable[str]) -> None:
        """Forget this worker's claim on jobs that ended or go on elsewhere."""
