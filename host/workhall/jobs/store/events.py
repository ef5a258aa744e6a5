"""The event log's rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select

from workhall.jobs.messages import Event, LoggedEvent
from workhall.jobs.tables import generation_jobs, job_events

__all__ = ["insert_events", "numbered", "read_events"]

_NEW = insert(job_events)
_READ = (
    select(job_events, generation_jobs.c.brand_id, generation_jobs.c.user_id)
    .join(generation_jobs, generation_jobs.c.job_id == job_events.c.job_id)
    .where(job_events.c.job_id == bindparam("job"), job_events.c.seq > bindparam("after"))
    .order_by(job_events.c.seq)
    .limit(bindparam("most"))
)


def numbered(event: Event, row: Row[Any], seq: int) -> LoggedEvent:
    """Return ``event`` as number ``seq`` of the log of the job whose ``row`` an UPDATE has just given back."""
    return LoggedEvent(row.job_id, seq, event.name, event.data, event.at_ms, row.brand_id, row.user_id)


def insert_events(connection: Connection, events: Sequence[LoggedEvent]) -> None:
    """Write events; their numbers were taken from their jobs' rows in the same transaction."""
    if events:
        connection.execute(_NEW, [_row(event) for event in events])


def read_events(connection: Connection, job_id: str, after: int, limit: int) -> list[LoggedEvent]:
    """Return a job's events above ``after``, in order."""
    rows = connection.execute(_READ, {"job": job_id, "after": after, "most": limit})
    return [
        LoggedEvent(row.job_id, row.seq, row.event, row.data, row.created_at, row.brand_id, row.user_id) for row in rows
    ]


def _row(event: LoggedEvent) -> dict[str, Any]:
    return {
        "job_id": event.job_id,
        "seq": event.seq,
        "event": event.name,
        "data": event.data,
        "created_at": event.at_ms,
    }
