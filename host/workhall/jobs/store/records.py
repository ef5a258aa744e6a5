"""Jobs as people read them: one record, or a page of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, RowMapping, func, select, tuple_

from workhall.jobs.status import TERMINAL
from workhall.jobs.tables import generation_jobs, job_attempts, job_data

__all__ = ["JobFilter", "count_jobs", "list_jobs", "read_attempts", "read_job"]

_JOBS = generation_jobs.c
_RECORD: Final = select(generation_jobs, job_data.c.result, job_data.c.payload).join(
    job_data, job_data.c.job_id == _JOBS.job_id, isouter=True
)


class JobFilter(NamedTuple):
    """What a list is narrowed to; None means any. ``before`` is the cursor (created_at, job_id)."""

    user_id: str | None = None
    queue: str | None = None
    status: str | None = None
    brand_id: str | None = None
    parent_job_id: str | None = None
    before: tuple[int, str] | None = None
    limit: int = 50


def read_job(connection: Connection, job_id: str) -> RowMapping | None:
    """Return a job's row with ``payload`` and ``result`` (JSON texts), or None."""
    return connection.execute(_RECORD.where(_JOBS.job_id == job_id)).mappings().first()


def list_jobs(connection: Connection, wanted: JobFilter) -> list[RowMapping]:
    """Return a page of rows as `read_job` gives them, newest first."""
    columns: Mapping[str, Any] = {
        "user_id": _JOBS.user_id,
        "queue": _JOBS.queue_name,
        "status": _JOBS.status,
        "brand_id": _JOBS.brand_id,
        "parent_job_id": _JOBS.parent_job_id,
    }
    statement = _RECORD.order_by(_JOBS.created_at.desc(), _JOBS.job_id.desc()).limit(wanted.limit)
    for name, column in columns.items():
        if (value := getattr(wanted, name)) is not None:
            statement = statement.where(column == value)
    if wanted.before is not None:
        statement = statement.where(tuple_(_JOBS.created_at, _JOBS.job_id) < wanted.before)
    return list(connection.execute(statement).mappings())


def read_attempts(connection: Connection, job_id: str) -> list[RowMapping]:
    """Return a job's attempts in order."""
    statement = select(job_attempts).where(job_attempts.c.job_id == job_id).order_by(job_attempts.c.number)
    return list(connection.execute(statement).mappings())


def count_jobs(connection: Connection, queue: str, statuses: Sequence[str]) -> int:
    """Count a queue's jobs of those statuses."""
    statement = select(func.count()).where(_JOBS.queue_name == queue, _JOBS.status.in_(statuses))
    if not set(statuses) & set(TERMINAL):
        statement = statement.where(_JOBS.completed_at.is_(None))  # the small index of live jobs
    return connection.scalar(statement) or 0
