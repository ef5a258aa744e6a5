"""Worker processes and the Redis server killed under load: every job ends exactly once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select
from workhall.jobs.store import SqlStore
from workhall.jobs.submit import JobRequest
from workhall.jobs.tables import job_events

from tests.fixtures.valkey import Valkey
from tests.fixtures.waiting import eventually
from tests.integration.engine.handlers import serve_all
from tests.integration.engine.hosting import Host, fields
from tests.integration.engine.processes import Workers
from tests.integration.engine.test_lua_publish import published

JOBS = 500


@pytest.fixture
async def killed_host(store: SqlStore, own_valkey: Valkey, tmp_path: Path) -> AsyncIterator[Host]:
    """A host on a Redis server of the test's own."""
    host = Host(store, own_valkey.url, tmp_path / "data")
    serve_all(host)
    host.dispatcher.start()
    yield host
    await host.dispatcher.close()


@pytest.fixture
async def workers(killed_host: Host, database_url: str) -> AsyncIterator[Workers]:
    workers = Workers(database_url, killed_host)
    yield workers
    await workers.end()


def lines(journal: Path) -> list[str]:
    return journal.read_text().splitlines() if journal.exists() else []


async def test_a_killed_workers_job_goes_on_elsewhere_within_fifteen_seconds(
    killed_host: Host, workers: Workers, own_valkey: Valkey, tmp_path: Path
) -> None:
    host, journal = killed_host, tmp_path / "journal"
    doomed = await workers.start()
    job_id = await host.submit("careful", text=str(journal))
    await eventually(lambda: "waiting" in lines(journal))
    await workers.start()
    await workers.kill(doomed)
    killed_at = time.monotonic()
    row = await host.ended(job_id, within_s=20)
    assert time.monotonic() - killed_at < 15
    assert (row["status"], row["result"], row["failures"]) == ("complete", [1, 2], 0)
    assert lines(journal) == ["first 1", "waiting", "second 2"], "a finished step is not run again"
    assert await host.attempts(job_id) == [(1, "rescued"), (2, "complete")]
    names = await host.names(job_id)
    assert names == ["queued", "started", *["progress"] * 2, "queued", "started", *["progress"] * 2, "complete"]
    with own_valkey.client() as redis:
        await eventually(lambda: published(redis, job_id) == list(range(1, len(names) + 1)))


async def test_five_hundred_jobs_end_exactly_once_under_a_kill_of_a_worker_and_of_redis(
    killed_host: Host, workers: Workers, own_valkey: Valkey, tmp_path: Path
) -> None:
    host, journal = killed_host, tmp_path / "journal"
    doomed = await workers.start()
    await workers.start()
    wishes = [JobRequest("noop", {"n": number, "text": str(journal)}) for number in range(JOBS)]
    job_ids = [job_id for at in range(0, JOBS, 50) for job_id in await host.submit_all(wishes[at : at + 50])]
    await eventually(lambda: len(lines(journal)) >= 50)
    await workers.kill(doomed)
    await eventually(lambda: len(lines(journal)) >= 150)
    own_valkey.kill()
    own_valkey.start()  # empty: it keeps nothing
    await host.all_ended(within_s=40)

    rows = [await host.job(job_id) for job_id in job_ids]
    assert Counter(row["status"] for row in rows) == {"complete": JOBS}
    assert {row["failures"] for row in rows} == {0}
    ends = await host.store.database.read(
        lambda connection: Counter(
            connection.scalars(select(job_events.c.job_id).where(job_events.c.event == "job:complete"))
        )
    )
    assert ends == dict.fromkeys(job_ids, 1)
    runs = Counter(lines(journal))
    assert set(runs) == set(job_ids)
    again = {job_id for job_id, times in runs.items() if times > 1}
    assert len(again) <= 10, "only what ran in the killed process may have run twice"
    for job_id in (job_ids[0], job_ids[-1], *again):
        events = [fields(event) for event in await host.log(job_id)]
        assert [event["attempt"] for event in events] == sorted(event["attempt"] for event in events)
