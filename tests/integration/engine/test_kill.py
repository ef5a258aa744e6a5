"""Worker processes and the Redis server killed under load: every job ends exactly once."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from workhall.jobs.ids import now_ms
from workhall.jobs.store import SqlStore
from workhall.jobs.submit import JobRequest
from workhall.jobs.tables import generation_jobs, job_events

from tests.fixtures.valkey import Valkey
from tests.fixtures.waiting import eventually
from tests.integration.engine.handlers import serve_all
from tests.integration.engine.hosting import Host
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


async def test_every_job_ends_exactly_once_under_a_kill_of_a_worker_and_of_redis(
    killed_host: Host, workers: Workers, own_valkey: Valkey, tmp_path: Path
) -> None:
    host, journal, careful_journal = killed_host, tmp_path / "journal", tmp_path / "careful"
    doomed = await workers.start()
    careful = await host.submit("careful", text=str(careful_journal))
    await eventually(lambda: "waiting" in lines(careful_journal))
    await workers.start()
    wishes = [JobRequest("noop", {"n": number, "text": str(journal)}) for number in range(JOBS)]
    job_ids = [job_id for at in range(0, JOBS, 50) for job_id in await host.submit_all(wishes[at : at + 50])]
    await eventually(lambda: len(lines(journal)) >= 50)
    await eventually(lambda: stopped_at_work(host, doomed.pid))
    await workers.kill(doomed)
    killed_at = now_ms()
    await eventually(lambda: len(lines(journal)) >= 150)
    own_valkey.kill()
    own_valkey.start()  # empty: it keeps nothing
    await host.all_ended(within_s=40)

    await assert_gone_on(host, careful, killed_at)
    assert lines(careful_journal) == ["first 1", "waiting", "second 2"], "a finished step is not run again"
    with own_valkey.client() as redis:
        await eventually(lambda: published(redis, careful) == list(range(1, 10)))
    rescued = await assert_ended_once(host, job_ids)
    runs = Counter(lines(journal))
    assert set(runs) == set(job_ids)
    assert {job_id for job_id, times in runs.items() if times > 1} <= rescued, "only what was under way ran again"


async def stopped_at_work(host: Host, pid: int) -> bool:
    """Stop the process for good if it is running some of the many jobs, else let it go on."""
    os.kill(pid, signal.SIGSTOP)
    columns = generation_jobs.c
    at_work = select(func.count()).where(
        columns.status == "processing", columns.queue_name == "noop", columns.worker_id.like(f"%-{pid}-%")
    )
    if await host.store.database.read(lambda connection: connection.scalar(at_work)):
        return True
    os.kill(pid, signal.SIGCONT)
    return False


async def assert_gone_on(host: Host, job_id: str, killed_at: int) -> None:
    """The job of the killed worker had another attempt within 15 s, and one continuous log."""
    row = await host.job(job_id)
    assert (row["status"], row["result"], row["failures"]) == ("complete", [1, 2], 0)
    assert await host.attempts(job_id) == [(1, "rescued"), (2, "complete")]
    log = await host.log(job_id)
    names = [event.name.removeprefix("job:") for event in log]
    assert names == ["queued", "started", *["progress"] * 2, "queued", "started", *["progress"] * 2, "complete"]
    assert 0 < log[5].at_ms - killed_at < 15_000


async def assert_ended_once(host: Host, job_ids: list[str]) -> set[str]:
    """Each job completed once, uncharged; returns those that were rescued."""
    rows = [await host.job(job_id) for job_id in job_ids]
    assert Counter((row["status"], row["failures"]) for row in rows) == {("complete", 0): len(job_ids)}
    ends = select(job_events.c.job_id).where(job_events.c.event == "job:complete", job_events.c.job_id.in_(job_ids))
    ended = await host.store.database.read(lambda connection: connection.scalars(ends).all())
    assert sorted(ended) == sorted(job_ids)
    again = {row["job_id"] for row in rows if row["claim_no"] > 1}
    assert 0 < len(again) <= 10, "the killed worker was caught at work, on as many as it runs at once"
    for job_id in again:
        assert await host.attempts(job_id) == [(1, "rescued"), (2, "complete")]
        assert await host.names(job_id) == ["queued", "started", "queued", "started", "complete"]
    return again
