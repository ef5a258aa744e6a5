"""What stands in the database when a soak is over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import orjson
from sqlalchemy import Connection, RowMapping, func, select
from workhall.client.events import Event
from workhall.jobs.store import open_database
from workhall.jobs.tables import (
    credit_entries,
    dead_letters,
    generation_credits,
    generation_jobs,
    job_attempts,
    job_events,
    job_steps,
)

__all__ = ["Attempt", "Rows", "count_live", "read_rows"]

T = TypeVar("T")
_JOBS = generation_jobs.c


class Attempt(NamedTuple):
    """One row of ``job_attempts``; times in epoch ms."""

    job_id: str
    number: int
    status: str
    worker_id: str
    started_at: int
    ended_at: int | None


@dataclass(frozen=True, slots=True)
class Rows:
    """Everything that the verdict needs, by job id where it belongs to one."""

    jobs: Mapping[str, RowMapping]
    events: Mapping[str, Sequence[Event]]
    attempts: Mapping[str, Sequence[Attempt]]
    steps: Mapping[tuple[str, str], Any]
    dead_letters: Mapping[str, int]
    balances: Mapping[str, RowMapping]
    granted: Mapping[str, int]


async def count_live(database_url: str) -> int:
    """Return how many jobs have not ended.

    Raises:
        workhall.jobs.store.DatabaseAway: the database cannot be reached.
    """
    return await _read(database_url, _count_live)


async def read_rows(database_url: str) -> Rows:
    """Read it all; nothing runs any more."""
    return await _read(database_url, _rows)


async def _read(database_url: str, work: Callable[[Connection], T]) -> T:
    database = open_database(database_url)
    try:
        return await database.read(work)
    finally:
        await database.close()


def _count_live(connection: Connection) -> int:
    return connection.scalar(select(func.count()).where(_JOBS.completed_at.is_(None))) or 0


def _rows(connection: Connection) -> Rows:
    events: dict[str, list[Event]] = defaultdict(list)
    for row in connection.execute(select(job_events).order_by(job_events.c.job_id, job_events.c.seq)):
        events[row.job_id].append(Event(row.event, row.seq, orjson.loads(row.data)))
    attempts: dict[str, list[Attempt]] = defaultdict(list)
    columns = [job_attempts.c[name] for name in Attempt._fields]
    for row in connection.execute(select(*columns).order_by(job_attempts.c.job_id, job_attempts.c.number)):
        attempts[row.job_id].append(Attempt(*row))
    steps = connection.execute(select(job_steps).where(job_steps.c.result.is_not(None)))
    letters = connection.execute(
        select(dead_letters.c.original_job_id, func.count()).group_by(dead_letters.c.original_job_id)
    )
    entries = credit_entries.c
    grants = connection.execute(
        select(entries.user_id, func.sum(entries.remaining)).where(entries.kind == "grant").group_by(entries.user_id)
    )
    return Rows(
        jobs={row["job_id"]: row for row in connection.execute(select(generation_jobs)).mappings()},
        events=events,
        attempts=attempts,
        steps={(row.job_id, row.name): orjson.loads(row.result) for row in steps},
        dead_letters=dict(map(tuple, letters)),
        balances={row["user_id"]: row for row in connection.execute(select(generation_credits)).mappings()},
        granted={user_id: int(amount) for user_id, amount in grants},
    )
