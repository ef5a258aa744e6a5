"""Cancel: a waiting job ends at once; a running one is asked to, its own attempt ends it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, update

from workhall.jobs.ids import now_ms
from workhall.jobs.job_events import JobEvents
from workhall.jobs.ports import LoggedEvent
from workhall.jobs.status import CLAIMABLE, JobStatus
from workhall.jobs.store.credits import settle_credits
from workhall.jobs.store.events import insert_events
from workhall.jobs.tables import generation_jobs

__all__ = ["apply_cancels"]

_JOBS = generation_jobs.c
Cancelled = tuple[LoggedEvent, ...]


def apply_cancels(connection: Connection, job_ids: Sequence[str]) -> list[Cancelled | None]:
    """Cancel each job: the events of one that ended at once, none of one that was asked, None of an ended one."""
    return [_cancel(connection, job_id) for job_id in job_ids]


def _cancel(connection: Connection, job_id: str) -> Cancelled | None:
    at = now_ms()
    row = connection.execute(
        update(generation_jobs)
        .where(_JOBS.job_id == job_id, _JOBS.status.in_(CLAIMABLE))
        .values(
            status=JobStatus.CANCELLED,
            completed_at=at,
            cancel_requested=True,
            credits_settled=0,
            last_seq=_JOBS.last_seq + 2,
        )
        .returning(generation_jobs)
    ).first()
    if row is not None:
        return _ended(connection, row, at)
    asked = connection.execute(
        update(generation_jobs)
        .where(_JOBS.job_id == job_id, _JOBS.status == JobStatus.PROCESSING)
        .values(cancel_requested=True)
    )
    return () if asked.rowcount else None


def _ended(connection: Connection, row: Row[Any], at: int) -> Cancelled:
    maker = JobEvents(row.job_id, row.queue_name, row.brand_id, row.claim_no)
    made = maker.cancellation(at, progress=row.progress)
    events = tuple(
        LoggedEvent(row.job_id, row.last_seq - 1 + place, event.name, event.data, at, row.brand_id, row.user_id)
        for place, event in enumerate(made)
    )
    insert_events(connection, events)
    if row.credits and row.user_id:
        settle_credits(connection, row.user_id, row.job_id, row.credits, 0)
    return events
