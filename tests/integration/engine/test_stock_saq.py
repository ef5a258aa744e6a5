"""What stock SAQ loses or runs twice, each beside the same course of events here, where the job ends exactly once.

The faults are those of SAQ 0.26: a death in the middle of a job, an end in the middle of a sweep, a sweep that meets
a job between its removal from the queue and its start, and the retry of a delayed job. None of them is left to luck.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from saq import Status
from saq.queue.redis import RedisQueue
from workhall.engine.death import announce_death
from workhall.jobs.messages import Claim, ClaimedJob, NotClaimed
from workhall.jobs.store import SqlStore
from workhall.sdk import JobContext, Retry

from tests.fixtures.waiting import eventually
from tests.integration.engine.handlers import serve_all
from tests.integration.engine.hosting import Host
from tests.integration.engine.lua import Lua
from tests.integration.engine.processes import Workers
from tests.integration.engine.stock import QUEUE, SlowToStart, StockWorkers, first_sweep, is_nowhere, serving, stored
from tests.integration.engine.test_reconciler import claimed_in_redis, inserted, started

LONG_AGO_MS = 10_000
ENDS = pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])


@pytest.fixture
async def stock(valkey: str) -> AsyncIterator[RedisQueue]:
    """A queue of stock SAQ on an empty server."""
    queue = RedisQueue.from_url(valkey, name=QUEUE)
    yield queue
    await queue.disconnect()


@pytest.fixture
async def stock_workers(valkey: str, tmp_path: Path) -> AsyncIterator[StockWorkers]:
    """Starts worker processes of stock SAQ; they note each start of a job in the file ``journal``."""
    with StockWorkers(valkey, tmp_path / "journal") as workers:
        yield workers


@pytest.fixture
async def workers(sqlite_host: Host, tmp_path: Path) -> AsyncIterator[Workers]:
    """Starts worker processes of ours."""
    workers = Workers(f"sqlite:///{tmp_path / 'workhall.db'}", sqlite_host)
    yield workers
    await workers.end()


def lines(journal: Path) -> list[str]:
    return journal.read_text().splitlines() if journal.exists() else []


async def ended_once(host: Host, job_id: str, attempts: Sequence[tuple[int, str]]) -> dict[str, Any]:
    """Wait for the job's end: one, after these attempts, of which none was charged to it."""
    row = await host.ended(job_id, within_s=20)
    assert (row["status"], row["failures"]) == ("complete", 0)
    assert await host.attempts(job_id) == list(attempts)
    assert (await host.names(job_id)).count("complete") == 1
    return row


# A worker dies in the middle of a job: saq_loss, the first.


async def test_stock_gives_up_the_job_of_a_killed_worker(
    stock: RedisQueue, stock_workers: StockWorkers, tmp_path: Path
) -> None:
    worker = stock_workers.start()
    await first_sweep(stock)
    job = await stock.enqueue("hang", timeout=1)
    assert job is not None
    await eventually(lambda: lines(tmp_path / "journal"), within_s=20)
    worker.kill()
    worker.wait()

    async def stuck() -> bool:
        return (await stored(stock, job)).stuck

    await eventually(stuck)
    await stock.redis.delete(stock.namespace("sweep"))
    await stock.sweep(lock=1, abort=0.1)
    lost = await stored(stock, job)
    assert (lost.status, lost.error, lost.attempts) == (Status.ABORTED, "swept", 1)
    assert await is_nowhere(stock)
    assert lines(tmp_path / "journal") == [job.key]


async def test_here_the_job_of_a_killed_worker_goes_on(sqlite_host: Host, workers: Workers, tmp_path: Path) -> None:
    host, journal = sqlite_host, tmp_path / "journal"
    serve_all(host)
    worker = await workers.start()
    job_id = await host.submit("careful", text=str(journal))
    await eventually(lambda: "waiting" in lines(journal))
    await workers.kill(worker)
    await announce_death(host.redis_url, (await host.job(job_id))["worker_id"])  # by its supervisor
    async with host.working():
        row = await ended_once(host, job_id, [(1, "rescued"), (2, "complete")])
    assert row["result"] == [1, 2]
    assert lines(journal) == ["first 1", "waiting", "second 2"]


# Whoever repairs ends in the middle of the repair: saq_loss, the second.


@ENDS
async def test_stock_loses_a_job_when_its_sweeper_ends(
    stock: RedisQueue,
    stock_workers: StockWorkers,
    tmp_path: Path,
    end: signal.Signals,
) -> None:
    await stock.enqueue("hang", retries=5)
    job = await stock.dequeue(timeout=1)
    assert job is not None
    job.started, job.attempts = 1, 1
    await job.update(status=Status.ACTIVE)  # and then its worker died, long ago
    sweeper = stock_workers.start()

    async def taken_out() -> bool:
        return not await stock.count("active")

    await eventually(taken_out, within_s=20)
    sweeper.send_signal(end)
    await asyncio.to_thread(sweeper.wait, 20)
    assert await is_nowhere(stock)
    assert (await stored(stock, job)).status is Status.ABORTING
    assert await stock.redis.ttl(job.id) == -1, "and there it stays for ever"
    assert lines(tmp_path / "journal") == []


@ENDS
async def test_here_a_job_outlives_its_repairer(
    sqlite_host: Host, workers: Workers, lua: Lua, end: signal.Signals
) -> None:
    host, old, runs = sqlite_host, lua.now_ms() - LONG_AGO_MS, Counter[str]()

    async def count(job: JobContext) -> None:
        runs[job.id] += 1

    host.serve(count, retry=Retry(attempts=1))
    job = await started(host, "ghost", created_at=old, run_at=old)
    claimed_in_redis(lua, "ghost", job)
    lua.live("ghost", for_ms=-1)
    await announce_death(host.redis_url, "ghost")
    repairer = await workers.start()  # it serves other queues

    async def taken_over() -> bool:
        return await host.attempts(job.job_id) == [(1, "rescued")]

    await eventually(taken_over, within_s=20)
    repairer.send_signal(end)
    await repairer.communicate()
    if end is signal.SIGKILL:
        await announce_death(host.redis_url, str(lua.redis.get("saq:reconciler"), "ascii"))
    lua.redis.delete("saq:q:ready")  # the worst instant: the row is written, and Redis has not heard of it
    async with host.working():
        await ended_once(host, job.job_id, [(1, "rescued"), (2, "complete")])
    assert runs == {job.job_id: 1}


# A delayed job fails and is tried again: saq_bugs2, the first.


async def test_stock_runs_a_retried_delayed_job_twice_at_once(stock: RedisQueue) -> None:
    at_work: list[int] = []
    go_on = asyncio.Event()

    async def flaky(ctx: dict[str, Any]) -> None:
        if ctx["job"].attempts == 1:
            raise RuntimeError("the first attempt fails")
        at_work.append(ctx["job"].attempts)
        await go_on.wait()

    async with serving(stock, "flaky", flaky):
        await stock.enqueue("flaky", retries=5, scheduled=1)
        await eventually(lambda: len(at_work) == 2)
        assert not go_on.is_set(), "both are under way"
        go_on.set()
    assert at_work == [2, 3]


async def test_here_a_retried_delayed_job_runs_once_at_a_time(sqlite_host: Host) -> None:
    host, at_work, go_on = sqlite_host, list[int](), asyncio.Event()

    async def flaky(job: JobContext) -> int:
        at_work.append(job.attempt)
        if job.attempt == 1:
            raise RuntimeError("the first attempt fails")
        await go_on.wait()
        return job.attempt

    async def noop(job: JobContext) -> None:
        pass

    host.serve(flaky, concurrency=4)
    host.serve(noop, "later")
    async with host.working():
        job_id = await host.submit(delay_s=0.1)
        await eventually(lambda: len(at_work) == 2)
        for _ in range(3):  # its time has come, and that of other delayed jobs after it
            await host.ended(await host.submit("later", delay_s=0.2))
        go_on.set()
        row = await host.ended(job_id)
    assert (row["status"], row["result"], row["failures"], row["claim_no"]) == ("complete", 2, 1, 2)
    assert at_work == [1, 2]


# A sweep meets a job between its removal from the queue and its start: saq_bugs2, the second.


@pytest.mark.parametrize(
    ("retries", "runs", "status"),
    [(3, 2, Status.COMPLETE), (1, 1, Status.ABORTED)],
    ids=["run twice", "completed and called aborted"],
)
async def test_stock_sweeps_a_job_that_is_about_to_start(
    stock: RedisQueue, valkey: str, retries: int, runs: int, status: Status
) -> None:
    completed: list[int] = []

    async def noop(ctx: dict[str, Any]) -> None:
        completed.append(ctx["job"].attempts)

    async with AsyncExitStack() as stack:
        slow = SlowToStart.from_url(valkey, name=QUEUE)
        stack.push_async_callback(slow.disconnect)
        await stack.enter_async_context(serving(slow, "noop", noop))
        job = await stock.enqueue("noop", retries=retries)
        assert job is not None
        await asyncio.wait_for(slow.taken.wait(), 10)
        await stock.redis.delete(stock.namespace("sweep"))
        sweep = asyncio.create_task(stock.sweep(lock=1))
        await eventually(stock.redis.pubsub_numpat)  # it has taken the job out, and listens for its end
        slow.go_on.set()
        await asyncio.wait_for(sweep, 10)

        async def over() -> bool:
            return len(completed) == runs and (await stored(stock, job)).status is status

        await eventually(over)
    assert len(completed) == runs


class SlowStore(SqlStore):
    """The same here: Redis has given the job away, and its row does not know yet."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.taken, self.go_on = asyncio.Event(), asyncio.Event()

    async def claim(self, claims: Sequence[Claim]) -> list[ClaimedJob | NotClaimed]:
        self.taken.set()
        await self.go_on.wait()
        return await super().claim(claims)


async def test_here_a_repairer_leaves_a_job_alone_that_is_about_to_start(sqlite_host: Host, lua: Lua) -> None:
    host, slow, old = sqlite_host, SlowStore(sqlite_host.store.database), lua.now_ms() - LONG_AGO_MS
    runs: Counter[str] = Counter()

    async def count(job: JobContext) -> None:
        runs[job.id] += 1

    starter = Host(slow, host.redis_url, host.folder)
    for one in (host, starter):
        one.serve(count, retry=Retry(attempts=1))
    host.serve(count, "probe")
    repairer = host.worker(queues=["probe"])
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(repairer.running())
        await eventually(lambda: lua.redis.get("saq:reconciler") == repairer.worker_id.encode())
        await stack.enter_async_context(starter.worker().running())
        job = await inserted(host, created_at=old, run_at=old)
        host.dispatcher.enqueue([job.line])
        await asyncio.wait_for(slow.taken.wait(), 10)
        await stack.enter_async_context(host.worker(queues=["q"]).running())  # it would run what is queued again
        probe = await inserted(host, queue="probe", created_at=old, run_at=old)
        await host.ended(probe.job_id)  # the repairer has looked at every row
        slow.go_on.set()
        row = await ended_once(host, job.job_id, [(1, "complete")])
    assert row["claim_no"] == 1
    assert runs == {job.job_id: 1, probe.job_id: 1}
