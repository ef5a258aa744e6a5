"""Where jobs are, as the reconciler asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, select, tuple_

from workhall.jobs.messages import JobLine, JobState
from workhall.jobs.status import JobStatus
from workhall.jobs.tables import generation_jobs

__all__ = ["read_live", "read_states"]

_JOBS = generation_jobs.c
_COLUMNS: Final = (
    _JOBS.job_id,
    _JOBS.queue_name,
    _JOBS.priority,
    _JOBS.status,
    _JOBS.worker_id,
    _JOBS.claim_no,
    _JOBS.brand_id,
    _JOBS.last_seq,
    _JOBS.run_at,
    _JOBS.created_at,
    _JOBS.cancel_requested,
)
_BY_ID: Final[Select[Any]] = select(*_COLUMNS).where(_JOBS.job_id.in_(bindparam("ids", expanding=True)))
_LIVE: Final[Select[Any]] = (
    select(*_COLUMNS)
    .where(
        _JOBS.completed_at.is_(None),
        tuple_(_JOBS.created_at, _JOBS.job_id) > tuple_(bindparam("at"), bindparam("id")),
    )
    .order_by(_JOBS.created_at, _JOBS.job_id)
    .limit(bindparam("most"))
)


def read_states(connection: Connection, job_ids: Sequence[str]) -> list[JobState]:
    """Return where each of the jobs is that exist."""
    return [_state(row) for row in connection.execute(_BY_ID, {"ids": list(job_ids)})] if job_ids else []


def read_live(connection: Connection, after: tuple[int, str], limit: int) -> list[JobState]:
    """Return a page of jobs that have not ended."""
    rows = connection.execute(_LIVE, {"at": after[0], "id": after[1], "most": limit})
    return [_state(row) for row in rows]


def _state(row: Row[Any]) -> JobState:
    # A job that waits for its time keeps it; one that is due already goes to the front by priority alone.
    due = row.run_at if row.status in (JobStatus.SCHEDULED, JobStatus.RETRYING) else 0
    line = JobLine(row.job_id, row.queue_name, row.priority, due)
    status = JobStatus(row.status)
    return JobState(
        line=line,
        status=status,
        worker_id=row.worker_id,
        claim_no=row.claim_no,
        brand_id=row.brand_id,
        last_seq=row.last_seq,
        created_at=row.created_at,
        cancel_requested=row.cancel_requested,
    )
