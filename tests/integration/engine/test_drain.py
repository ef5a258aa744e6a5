"""The end of a worker process: what runs may finish, the rest goes back uncharged."""

from __future__ import annotations

import asyncio
import time

from workhall.sdk import JobContext, Retry

from tests.integration.engine.hosting import Host


async def test_a_drain_lets_a_running_job_finish(host: Host) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(job: JobContext) -> str:
        started.set()
        await go_on.wait()
        await job.progress(99)
        return "finished"

    host.serve(slow)
    async with host.working():
        job_id = await host.submit()
        await asyncio.wait_for(started.wait(), 5)
        asyncio.get_running_loop().call_later(0.2, go_on.set)
    row = await host.job(job_id)
    assert (row["status"], row["result"], row["claim_no"]) == ("complete", "finished", 1)


async def test_a_drain_hands_a_longer_job_back_uncharged_and_it_runs_elsewhere(host: Host) -> None:
    started = asyncio.Event()

    async def slow(job: JobContext) -> int:
        if job.attempt == 1:
            started.set()
            await asyncio.sleep(60)
        return job.attempt

    host.serve(slow, retry=Retry(attempts=1))
    async with host.worker(grace_s=0.1).running():
        job_id = await host.submit()
        await asyncio.wait_for(started.wait(), 5)
        begun = time.monotonic()
    assert time.monotonic() - begun < 2
    assert (await host.job(job_id))["status"] == "queued"
    assert await host.attempts(job_id) == [(1, "handed-back")]
    async with host.working():
        begun = time.monotonic()
        row = await host.ended(job_id)
    assert time.monotonic() - begun < 1, "it went back to the queue; nobody had to rescue it"
    assert (row["status"], row["result"], row["failures"]) == ("complete", 2, 0)
    assert await host.names(job_id) == ["queued", "started", "queued", "started", "complete"]


async def test_a_handler_that_answers_its_cancellation_with_an_error_is_handed_back_too(host: Host) -> None:
    started = asyncio.Event()

    async def touchy(job: JobContext) -> None:
        try:
            started.set()
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise ConnectionError("the client library says: connection closed") from None

    host.serve(touchy, retry=Retry(attempts=1))
    async with host.worker(grace_s=0.05).running():
        job_id = await host.submit()
        await asyncio.wait_for(started.wait(), 5)
    row = await host.job(job_id)
    assert (row["status"], row["failures"]) == ("queued", 0)


async def test_a_handler_that_will_not_end_does_not_hold_up_the_drain(sqlite_host: Host) -> None:
    host = sqlite_host
    started, release = asyncio.Event(), asyncio.Event()

    async def stubborn(job: JobContext) -> None:
        started.set()
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    host.serve(stubborn)
    worker = host.worker(grace_s=0.05)
    async with worker.running():
        job_id = await host.submit()
        await asyncio.wait_for(started.wait(), 5)
        begun = time.monotonic()
    assert time.monotonic() - begun < 6
    assert (await host.job(job_id))["worker_id"] == worker.worker_id
    release.set()
    await host.ended(job_id)


async def test_a_worker_that_stops_at_once_ends(host: Host) -> None:
    host.serve(test_a_worker_that_stops_at_once_ends)
    async with asyncio.timeout(5), host.working():
        pass


async def test_claims_that_come_in_during_the_drain_are_given_back(host: Host) -> None:
    ran: list[str] = []

    async def note(job: JobContext) -> None:
        ran.append(job.id)

    host.serve(note, concurrency=100)
    for _ in range(5):
        async with host.working():
            job_ids = [await host.submit() for _ in range(20)]
    async with host.working():
        await host.all_ended()
    assert len(ran) == len(set(ran)) == 100
    rows = [await host.job(job_id) for job_id in job_ids]
    assert {(row["status"], row["claim_no"]) for row in rows} == {("complete", 1)}
