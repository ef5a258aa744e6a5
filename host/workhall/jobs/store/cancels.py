"""Cancel: a waiting job ends at once; a running one is asked to, its own attempt ends it; children go with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select, update

from workhall.jobs.ids import now_ms
from workhall.jobs.job_events import CANCELLED, JobEvents
from workhall.jobs.messages import LoggedEvent
from workhall.jobs.status import CLAIMABLE, JobStatus
from workhall.jobs.store.credits import settle_credits
from workhall.jobs.store.events import insert_events, numbered
from workhall.jobs.tables import generation_jobs

__all__ = ["Cancellation", "apply_cancels", "cancel_children"]

_JOBS = generation_jobs.c


class Cancellation(NamedTuple):
    """What cancelling a job and its children brought about.

    Args:
        ended: the job itself had not begun and has ended now.
        asked: running jobs with their workers, who are to be told.
        events: events of the jobs that ended at once.
    """

    ended: bool
    asked: tuple[tuple[str, str], ...]
    events: tuple[LoggedEvent, ...]

    @property
    def message(self) -> str:
        """What happened, for the caller."""
        return "Job removed from queue" if self.ended else "Job marked for cancellation"


def apply_cancels(connection: Connection, job_ids: Sequence[str]) -> list[Cancellation | None]:
    """Cancel each job with its children; None for one that has ended or does not exist."""
    return [_cancel(connection, job_id) for job_id in job_ids]


def cancel_children(connection: Connection, job_id: str) -> Cancellation:
    """Cancel what a job has dispatched and has not ended; the job itself is left alone."""
    events: tuple[LoggedEvent, ...] = ()
    asked: tuple[tuple[str, str], ...] = ()
    for child in _children(connection, job_id):
        if further := _cancel(connection, child):
            events, asked = (*events, *further.events), (*asked, *further.asked)
    return Cancellation(False, asked, events)


def _cancel(connection: Connection, job_id: str) -> Cancellation | None:
    events, asked = _end_or_ask(connection, job_id)
    if not events and not asked:
        return None
    children = cancel_children(connection, job_id)
    return Cancellation(bool(events), (*asked, *children.asked), (*events, *children.events))


def _end_or_ask(connection: Connection, job_id: str) -> tuple[tuple[LoggedEvent, ...], tuple[tuple[str, str], ...]]:
    at = now_ms()
    # Locked (PostgreSQL): between the two updates its own attempt could move it past both of them.
    connection.execute(select(_JOBS.job_id).where(_JOBS.job_id == job_id).with_for_update())
    waiting = connection.execute(
        update(generation_jobs)
        .where(_JOBS.job_id == job_id, _JOBS.status.in_(CLAIMABLE))
        .values(
            status=JobStatus.CANCELLED,
            message=CANCELLED,
            error=CANCELLED,
            completed_at=at,
            cancel_requested=True,
            credits_settled=0,
            last_seq=_JOBS.last_seq + 2,
        )
        .returning(generation_jobs)
    ).first()
    if waiting is not None:
        return _ended(connection, waiting, at), ()
    running = connection.execute(
        update(generation_jobs)
        .where(_JOBS.job_id == job_id, _JOBS.status == JobStatus.PROCESSING)
        .values(cancel_requested=True)
        .returning(_JOBS.job_id, _JOBS.worker_id)
    ).first()
    return (), (tuple(running),) if running else ()


def _children(connection: Connection, job_id: str) -> Sequence[str]:
    return connection.scalars(
        select(_JOBS.job_id).where(_JOBS.parent_job_id == job_id, _JOBS.completed_at.is_(None))
    ).all()


def _ended(connection: Connection, row: Row[Any], at: int) -> tuple[LoggedEvent, ...]:
    maker = JobEvents(row.job_id, row.queue_name, row.brand_id, row.claim_no)
    made = maker.cancellation(at, progress=row.progress)
    events = tuple(numbered(event, row, row.last_seq - 1 + place) for place, event in enumerate(made))
    insert_events(connection, events)
    if row.credits and row.user_id:
        settle_credits(connection, row.user_id, row.job_id, row.credits, 0)
    return events
