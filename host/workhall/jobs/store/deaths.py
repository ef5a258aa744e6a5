"""Charge a job for the death of its worker: the attempt failed, and the third such death ends the job."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from workhall.jobs.ids import uuid7
from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import AttemptEnd, DeadLetter, JobWrite
from workhall.jobs.outcome import clean
from workhall.jobs.status import AttemptStatus, JobStatus
from workhall.jobs.store.writes import apply_writes
from workhall.jobs.tables import generation_jobs
from workhall.sdk import Backoff

__all__ = ["MOST_DEATHS", "Death", "charge_death", "read_under_way"]

MOST_DEATHS: Final = 3
_JOBS = generation_jobs.c
_LONGEST_STACK: Final = 64_000


@dataclass(frozen=True, slots=True)
class Death:
    """A worker's death and the one attempt that brought it about.

    Args:
        job_id: the job.
        claim_no: its attempt, the fence.
        worker_id: the worker that died.
        cause: a few words, e.g. ``SIGSEGV`` or ``exit code 3``.
        backoff: the waits of the queue's policy.
        stack: what is known of where it happened.
        at_ms: when, in epoch ms.
    """

    job_id: str
    claim_no: int
    worker_id: str
    cause: str
    backoff: Backoff
    stack: str
    at_ms: int


def charge_death(connection: Connection, death: Death) -> JobStatus | None:
    """Charge the job; returns its new status, or None where the attempt is no longer that worker's."""
    row = connection.execute(
        select(generation_jobs).where(
            _JOBS.job_id == death.job_id,
            _JOBS.claim_no == death.claim_no,
            _JOBS.worker_id == death.worker_id,
            _JOBS.status == JobStatus.PROCESSING,
        )
    ).first()
    if row is None:
        return None
    write = _write_of(death, row)
    (written,) = apply_writes(connection, [write])
    if written is None:
        return None
    connection.execute(update(generation_jobs).where(_JOBS.job_id == death.job_id).values(deaths=_JOBS.deaths + 1))
    return write.status


def read_under_way(connection: Connection, worker_id: str) -> list[tuple[str, int]]:
    """Return the attempts that a worker has under way, as (job id, number)."""
    rows = connection.execute(
        select(_JOBS.job_id, _JOBS.claim_no).where(
            _JOBS.completed_at.is_(None), _JOBS.status == JobStatus.PROCESSING, _JOBS.worker_id == worker_id
        )
    )
    return [(row.job_id, row.claim_no) for row in rows]


def _write_of(death: Death, row: Row[Any]) -> JobWrite:
    is_last = row.deaths + 1 >= MOST_DEATHS or row.failures + 1 >= row.attempts_allowed
    write = JobWrite(death.job_id, death.claim_no, charge_failure=True)
    write.error = f"worker died: {death.cause} while running this job"
    write.attempt = AttemptEnd(AttemptStatus.FAILED, write.error, death.at_ms)
    if is_last:
        _end(write, death, row)
    else:
        write.status = JobStatus.RETRYING
        write.run_at = death.at_ms + round(death.backoff.wait_s(row.failures + 1) * 1000)
    events = JobEvents(death.job_id, row.queue_name, row.brand_id, death.claim_no)
    left = 0 if is_last else row.attempts_allowed - row.failures - 1
    write.events.append(events.failed(death.at_ms, error=write.error, retries_left=left, next_attempt_at=write.run_at))
    return write


def _end(write: JobWrite, death: Death, row: Row[Any]) -> None:
    write.status, write.completed_at, write.credits_settled = JobStatus.FAILED, death.at_ms, 0
    error = f"worker died ({death.cause})"
    fingerprint = hashlib.sha256(f"{row.queue_name}\x00{error}".encode()).hexdigest()
    stack = clean(death.stack)[:_LONGEST_STACK]
    letter = DeadLetter(str(uuid7(death.at_ms)), error, stack, fingerprint, row.failures + 1, death.at_ms)
    write.dead_letter = letter
