"""A cancellation that meets the end of an attempt half-way."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection, select, text, update
from workhall.jobs.ids import job_id, now_ms
from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import Claim, NewJob, Submission
from workhall.jobs.store import SqlStore
from workhall.jobs.store.cancels import apply_cancels
from workhall.jobs.tables import generation_jobs

from tests.fixtures.waiting import eventually

_SLEEPING = text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(%' AND state = 'active'")
JOBS = generation_jobs.c


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time
async def test_a_job_that_goes_back_to_waiting_meanwhile_is_cancelled_all_the_same(store: SqlStore) -> None:
    identifier, at = job_id("noop"), now_ms()
    new = NewJob(
        job_id=identifier, queue_name="noop", job_type="noop", payload="{}", user_id=None, brand_id=None, priority=5,
        attempts_allowed=3, timeout_s=60, credits=0, plugin_version="1", schema_hash="0" * 16, run_at=at,
        created_at=at, event=JobEvents(identifier, "noop", None).queued(at),
    )  # fmt: skip
    await store.submit(Submission([new]))
    await store.claim([Claim(identifier, "worker", at)])

    def end_attempt(connection: Connection) -> None:
        connection.execute(update(generation_jobs).where(JOBS.job_id == identifier).values(status="retrying"))
        connection.execute(text("SELECT pg_sleep(0.5)"))  # its transaction stays open, with the row locked

    ending = asyncio.create_task(store.database.write(end_attempt))
    await eventually(lambda: store.database.read(lambda connection: connection.scalar(_SLEEPING)))
    (cancelled,) = await store.database.write(lambda connection: apply_cancels(connection, [identifier]))
    await ending
    assert cancelled is not None
    assert cancelled.ended
    status = await store.database.read(
        lambda connection: connection.scalar(select(JOBS.status).where(JOBS.job_id == identifier))
    )
    assert status == "cancelled"
