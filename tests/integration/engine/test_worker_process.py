"""A worker process from claim to committed end."""

from __future__ import annotations

import asyncio
import time

from pydantic import BaseModel
from workhall.sdk import JobContext

from tests.fixtures.waiting import eventually
from tests.integration.engine.hosting import Host, fields


class Shout(BaseModel):
    text: str
    loudness: float | None = None


async def test_a_job_runs_and_its_result_and_events_are_committed_and_announced(host: Host) -> None:
    async def shout(job: JobContext) -> dict:
        await job.progress(10, "Breathing in", stage="breathing", tool_name="lungs", volume=3)
        return {"text": job.payload.text.upper(), "loudness": 0.5}

    host.serve(shout, result=Shout)
    async with host.working():
        job_id = await host.submit(text="hey")
        row = await host.ended(job_id)
    assert (row["status"], row["progress"], row["stage"], row["error"]) == ("complete", 100, "breathing", None)
    assert row["result"] == {"text": "HEY", "loudness": 0.5}
    assert await host.attempts(job_id) == [(1, "complete")]
    queued, started, progress, complete = map(fields, await host.log(job_id))
    assert [queued["status"], started["status"], progress["status"]] == ["queued", "processing", "breathing"]
    assert (progress["progress"], progress["toolName"], progress["data"]) == (10, "lungs", {"volume": 3})
    assert complete["result"] == row["result"]
    assert [event["attempt"] for event in (queued, started, progress, complete)] == [0, 1, 1, 1]


async def test_everything_committed_is_in_the_stream_once_and_redis_keeps_nothing_of_the_job(host: Host, lua) -> None:
    async def noop(job: JobContext) -> None:
        await job.progress(50)

    host.serve(noop, concurrency=50)
    async with host.working() as worker:
        job_ids = [await host.submit() for _ in range(50)]
        await host.all_ended()
    sent = [(fields[b"j"].decode(), int(fields[b"s"])) for _, fields in lua.redis.xrange("socket:events")]
    assert sorted(sent) == sorted((job_id, seq) for job_id in job_ids for seq in (1, 2, 3, 4))
    for job_id in job_ids:
        assert [seq for sent_id, seq in sent if sent_id == job_id] == [1, 2, 3, 4]
    assert lua.ready() == lua.delayed() == []
    assert lua.claims(worker.worker_id) == set()
    assert lua.redis.zrange("saq:leases", 0, -1) == [], "a drained worker leaves nothing to look after"


def sync_shout(job: JobContext) -> dict:
    time.sleep(0.01)
    return {"text": job.payload.text.upper()}


async def test_a_sync_handler_runs_in_a_thread(host: Host) -> None:
    host.serve(f"{__name__}:sync_shout", result=Shout)
    async with host.working():
        row = await host.ended(await host.submit(text="hey"))
    assert row["result"]["text"] == "HEY"


async def test_jobs_start_in_the_order_of_their_priority(host: Host) -> None:
    order: list[int] = []

    async def note(job: JobContext) -> None:
        order.append(job.payload.n)

    host.serve(note, concurrency=1)
    wishes = [(1, 9), (2, 5), (3, 5), (4, 0), (5, 1000)]
    for number, priority in wishes:
        await host.submit(n=number, priority=priority)
    await host.dispatcher.flushed()
    async with host.working():
        await host.all_ended()
    assert order == [4, 2, 3, 1, 5]


async def test_no_more_jobs_run_at_once_than_the_processor_allows(host: Host) -> None:
    running = most = 0

    async def careful(job: JobContext) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.005)
        running -= 1

    host.serve(careful, concurrency=3)
    for _ in range(30):
        await host.submit()
    async with host.working():
        await host.all_ended()
    assert most == 3


async def test_a_job_that_was_taken_over_changes_nothing_and_tells_its_handler(host: Host) -> None:
    at_work, taken = asyncio.Event(), asyncio.Event()
    told: list[BaseException] = []

    async def slow(job: JobContext) -> str:
        if job.attempt == 1:
            at_work.set()
            await taken.wait()
            try:
                await job.progress(50, "still here")
            except BaseException as error:
                told.append(error)
                raise
        return f"attempt {job.attempt}"

    host.serve(slow)
    async with host.working():
        job_id = await host.submit()
        await asyncio.wait_for(at_work.wait(), 5)
        await rescue(host, job_id)
        row = await host.ended(job_id)
        taken.set()
        await eventually(lambda: told)
    assert row["result"] == "attempt 2"
    assert "taken" in str(told[0])
    assert await host.names(job_id) == ["queued", "started", "queued", "started", "complete"]


async def rescue(host: Host, job_id: str) -> None:
    """What another worker's reconciler does when it takes this one for dead."""
    from workhall.engine.repairs import Repairs

    await Repairs(host.store, host.dispatcher).rescue(await host.store.states([job_id]), "the test says so")
