"""Fenced writes: everything that a running attempt changes.

One UPDATE moves all rows of the batch whose claim is still theirs; events, attempts, steps, children, assets, credits
and dead letters follow only the rows that it gave back.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Integer, Row, String, Text, Update, case, func, null, update

from workhall.jobs.messages import JobWrite, LoggedEvent, Written
from workhall.jobs.status import JobStatus
from workhall.jobs.store.batch import batch_cte, batch_rows
from workhall.jobs.store.dead_letters import MakeAlert
from workhall.jobs.store.effects import Effects, apply_effects
from workhall.jobs.store.events import insert_events, numbered
from workhall.jobs.tables import generation_jobs

__all__ = ["apply_writes"]

_JOBS = generation_jobs.c
_COLUMNS = {
    "job_id": String,
    "claim_no": Integer,
    "events": Integer,
    "status": Text,
    "stage": Text,
    "progress": Integer,
    "message": Text,
    "error": Text,
    "run_at": BigInteger,
    "completed_at": BigInteger,
    "failures": Integer,
    "settled": Integer,
}
_Fence = tuple[str, int]


class _Granted(NamedTuple):
    """A write whose claim held, with the row that it changed and the numbers of its events."""

    write: JobWrite
    row: Row[Any]
    events: tuple[LoggedEvent, ...]


def apply_writes(
    connection: Connection, writes: Sequence[JobWrite], make_alert: MakeAlert | None = None
) -> list[Written | None]:
    """Apply each write whose claim holds; None for the others. ``make_alert``: see `bury`."""
    by_fence: dict[_Fence, list[JobWrite]] = {}
    for write in writes:
        by_fence.setdefault((write.job_id, write.claim_no), []).append(write)
    rows = connection.execute(
        _move(connection.dialect.name), batch_rows(_row(*item) for item in sorted(by_fence.items()))
    )
    granted = _number(by_fence, {(row.job_id, row.claim_no): row for row in rows})
    insert_events(connection, [event for grant in granted.values() for event in grant.events])
    effects = apply_effects(connection, [(grant.write, grant.row) for grant in granted.values()], make_alert)
    return [_written(granted.get(id(write)), effects) for write in writes]


def _written(grant: _Granted | None, effects: Effects) -> Written | None:
    if grant is None:
        return None
    write = grant.write
    new = [child for child in write.children if child.job_id in effects.children]
    if write.dead_letter and (alert := effects.alerts.get(write.job_id)):
        new.append(alert)
    cancelled = effects.cancelled.get(write.job_id) if write.status is JobStatus.CANCELLED else None
    return Written(
        events=(*(job.first_event for job in new), *grant.events, *(cancelled.events if cancelled else ())),
        children=tuple(job.line for job in new),
        cancel_requested=bool(grant.row.cancel_requested),
        asked=cancelled.asked if cancelled else (),
    )


@cache
def _move(dialect: str) -> Update:
    v = batch_cte(dialect, _COLUMNS)
    moved = v.c.status.is_not(None)
    return (
        update(generation_jobs)
        .where(
            _JOBS.job_id == v.c.job_id,
            _JOBS.claim_no == v.c.claim_no,
            _JOBS.status == JobStatus.PROCESSING,
        )
        .values(
            last_seq=_JOBS.last_seq + v.c.events,
            status=func.coalesce(v.c.status, _JOBS.status),
            stage=func.coalesce(v.c.stage, _JOBS.stage),
            progress=func.coalesce(v.c.progress, _JOBS.progress),
            message=func.coalesce(v.c.message, _JOBS.message),
            error=case((moved, v.c.error), else_=_JOBS.error),
            worker_id=case((moved, null()), else_=_JOBS.worker_id),
            run_at=func.coalesce(v.c.run_at, _JOBS.run_at),
            completed_at=func.coalesce(v.c.completed_at, _JOBS.completed_at),
            failures=_JOBS.failures + v.c.failures,
            credits_settled=func.coalesce(v.c.settled, _JOBS.credits_settled),
        )
        .returning(
            _JOBS.job_id,
            _JOBS.claim_no,
            _JOBS.last_seq,
            _JOBS.queue_name,
            _JOBS.user_id,
            _JOBS.brand_id,
            _JOBS.credits,
            _JOBS.cancel_requested,
        )
    )


def _row(fence: _Fence, writes: list[JobWrite]) -> list[Any]:
    """One row for all of a job's writes in this batch: what a later one says wins."""

    def last(name: str) -> Any:
        return next((value for write in reversed(writes) if (value := getattr(write, name)) is not None), None)

    events = sum(len(write.events) for write in writes)
    failures = sum(write.charge_failure for write in writes)
    moved = [last(name) for name in ("status", "stage", "progress", "message", "error", "run_at", "completed_at")]
    return [*fence, events, *moved, failures, last("credits_settled")]


def _number(by_fence: dict[_Fence, list[JobWrite]], rows: dict[_Fence, Row[Any]]) -> dict[int, _Granted]:
    granted = {}
    for fence, row in rows.items():
        writes = by_fence[fence]
        seq = row.last_seq - sum(len(write.events) for write in writes)
        for write in writes:
            events = tuple(numbered(event, row, seq + place) for place, event in enumerate(write.events, 1))
            seq += len(events)
            granted[id(write)] = _Granted(write, row, events)
    return granted
