"""A COMMIT whose answer is lost with the connection: the row tells what became of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from workhall.jobs.messages import Claim, ClaimedJob, JobWrite, NotClaimed, Written
from workhall.jobs.store import DatabaseAway, SqlStore
from workhall.sdk import JobContext, Retry, fixed

from tests.fixtures.waiting import eventually
from tests.integration.engine.hosting import Host
from tests.integration.engine.lua import Lua
from tests.integration.engine.test_lua_publish import published


class LosesAnswers(SqlStore):
    """A store that commits, and then, once for each kind of write, cannot say so."""

    def __init__(self, store: SqlStore, *, writes: bool = False, claims: bool = False) -> None:
        super().__init__(store.database)
        self.writes, self.claims = writes, claims

    async def write(self, write: JobWrite) -> Written | None:
        written = await super().write(write)
        if self.writes and write.status is not None:
            self.writes = False
            raise DatabaseAway("The connection was lost at COMMIT.")
        return written

    async def claim(self, claims: Sequence[Claim]) -> list[ClaimedJob | NotClaimed]:
        answers = await super().claim(claims)
        if self.claims:
            self.claims = False
            raise DatabaseAway("The connection was lost at COMMIT.")
        return answers


@pytest.fixture
async def forgetful(store: SqlStore, valkey: str, tmp_path: Path) -> AsyncIterator[Host]:
    host = Host(LosesAnswers(store), valkey, tmp_path / "data")
    host.dispatcher.start()
    yield host
    await host.dispatcher.close()


async def test_an_end_that_was_committed_is_announced_once_and_not_written_again(forgetful: Host, lua: Lua) -> None:
    host = forgetful

    async def parent(job: JobContext) -> str:
        return await job.dispatch("child", {})

    async def child(job: JobContext) -> int:
        return job.attempt

    host.serve(parent)
    host.serve(child, "child")
    host.store.writes = True  # type: ignore[attr-defined]
    async with host.working() as worker:
        job_id = await host.submit()
        row = await host.ended(job_id)
        assert (await host.ended(row["result"]))["result"] == 1
        await eventually(lambda: published(lua.redis, job_id) == [1, 2, 3])
    assert lua.claims(worker.worker_id) == set()
    assert await host.names(job_id) == ["queued", "started", "complete"]
    assert await host.attempts(job_id) == [(1, "complete")]


async def test_a_retry_that_was_committed_comes_on_time(forgetful: Host) -> None:
    host = forgetful

    async def second_time(job: JobContext) -> int:
        if job.attempt == 1:
            raise RuntimeError("again")
        return job.attempt

    host.serve(second_time, retry=Retry(attempts=2, backoff=fixed(0.4)))
    host.store.writes = True  # type: ignore[attr-defined]
    async with host.working():
        job_id = await host.submit()
        row = await host.ended(job_id, within_s=3)
    assert (row["result"], row["failures"]) == (2, 1)
    failed, started = [event.at_ms for event in await host.log(job_id) if event.seq in (3, 4)]
    assert 400 <= started - failed < 1500, "the reconciler would have taken longer"


async def test_a_start_that_was_committed_is_taken_back_uncharged(forgetful: Host) -> None:
    host = forgetful

    async def answer(job: JobContext) -> int:
        return job.attempt

    host.serve(answer, retry=Retry(attempts=1))
    host.store.claims = True  # type: ignore[attr-defined]
    async with host.working():
        job_id = await host.submit()
        row = await host.ended(job_id)
    assert (row["status"], row["result"], row["failures"]) == ("complete", 2, 0)
    assert await host.attempts(job_id) == [(1, "rescued"), (2, "complete")]
