"""Rescue: jobs of workers that are gone go back to their queues, uncharged."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, update

from workhall.jobs.messages import JobLine, Rescue, Rescued
from workhall.jobs.status import AttemptStatus, JobStatus
from workhall.jobs.store.events import insert_events, numbered
from workhall.jobs.tables import generation_jobs, job_attempts

__all__ = ["apply_rescues"]

_JOBS = generation_jobs.c


def apply_rescues(connection: Connection, rescues: Sequence[Rescue]) -> list[Rescued | None]:
    """Put each job back that its dead worker still holds; None for those that had moved on."""
    rescued = [_rescue(connection, rescue) for rescue in rescues]
    insert_events(connection, [item.event for item in rescued if item])
    return rescued


def _rescue(connection: Connection, rescue: Rescue) -> Rescued | None:
    row = connection.execute(
        update(generation_jobs)
        .where(
            _JOBS.job_id == rescue.job_id,
            _JOBS.status == JobStatus.PROCESSING,
            _JOBS.worker_id == rescue.worker_id,
        )
        .values(status=JobStatus.QUEUED, worker_id=None, last_seq=_JOBS.last_seq + 1)
        .returning(
            _JOBS.job_id,
            _JOBS.queue_name,
            _JOBS.priority,
            _JOBS.claim_no,
            _JOBS.last_seq,
            _JOBS.brand_id,
            _JOBS.user_id,
        )
    ).first()
    if row is None:
        return None
    connection.execute(
        update(job_attempts)
        .where(job_attempts.c.job_id == rescue.job_id, job_attempts.c.number == row.claim_no)
        .values(status=AttemptStatus.RESCUED, error=rescue.why, ended_at=rescue.at_ms)
    )
    line = JobLine(row.job_id, row.queue_name, row.priority, 0)
    return Rescued(line, numbered(rescue.event, row, row.last_seq))
