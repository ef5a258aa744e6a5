"""Queues with workers of their own, and workers that are known to be dead."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

from redis import Redis
from workhall.engine.death import announce_death
from workhall.engine.lease import Lease
from workhall.engine.process import WorkerProcess
from workhall.engine.service import Service
from workhall.jobs.ids import now_ms
from workhall.jobs.messages import Claim, ClaimedJob
from workhall.jobs.store.queues import isolate_queues
from workhall.storage import open_storage

from tests.fixtures.waiting import eventually
from tests.integration.engine.hosting import Host


async def answer(_job: Any) -> None:
    return None


def shared_worker(host: Host) -> WorkerProcess:
    settings = host.settings()
    return WorkerProcess(
        settings, host.registry, host._installed, host.store, open_storage(settings), None, Service(shared=True)
    )


async def test_a_shared_worker_leaves_an_isolated_queue_and_goes_on_with_the_others(sqlite_host: Host) -> None:
    host = sqlite_host
    host.serve(answer, "q")
    host.serve(answer, "other")
    async with shared_worker(host).running():
        await host.ended(await host.submit("q"))
        await host.store.database.write(lambda connection: isolate_queues(connection, ["q"]))
        await announce_death(host.redis_url, "nobody", ["q"])
        with Redis.from_url(host.redis_url) as redis:
            await eventually(lambda: not redis.keys("saq:wake:*"))  # the token was read
        left = await host.submit("q")
        for _ in range(3):
            await host.ended(await host.submit("other"))
        assert (await host.job(left))["status"] == "queued"
        async with host.worker(queues=["q"]).running():
            await host.ended(left)


async def test_the_jobs_of_a_worker_that_is_known_to_be_dead_are_rescued_at_once(sqlite_host: Host) -> None:
    host = sqlite_host
    host.serve(answer)
    job_id = await host.submit()
    await host.dispatcher.flushed()
    dead = Lease(host.redis_url, "dead")
    await asyncio.to_thread(dead._renew)
    with Redis.from_url(host.redis_url) as redis:
        redis.zrem("saq:q:ready", job_id)
        redis.sadd("saq:claims:dead", job_id)
        redis.set("saq:reconciler", "dead", px=60_000)
    (claim,) = await host.store.claim([Claim(job_id, "dead", now_ms())])
    assert isinstance(claim, ClaimedJob)
    async with host.working():
        began = time.monotonic()
        await announce_death(host.redis_url, "dead")
        row = await host.ended(job_id)
        waited = time.monotonic() - began
    assert row["failures"] == 0
    assert await host.attempts(job_id) == [(1, "rescued"), (2, "complete")]
    assert waited < 2.5, waited  # a lease that merely ran out takes more than 6 s


async def test_the_flight_file_names_what_executes_on_the_loop_and_in_threads(sqlite_host: Host) -> None:
    from workhall.engine.flight_file import read_flight

    host, seen = sqlite_host, {}

    def look(job: Any) -> list[tuple[str, int]]:
        record = read_flight(host.settings().data_dir / "flight", os.getpid())
        assert record is not None
        return [(suspect.job_id, suspect.claim_no) for suspect in record.executing]

    async def handler(job: Any) -> None:
        async def own_task() -> None:
            seen["task"] = look(job)

        seen["loop"] = look(job)
        seen["thread"] = await asyncio.to_thread(look, job)
        await asyncio.gather(own_task())

    host.serve(handler)
    async with host.working():
        job_id = await host.submit()
        await host.ended(job_id)
        assert seen == {place: [(job_id, 1)] for place in ("loop", "thread", "task")}
        await eventually(lambda: look(None) == [])
    assert read_flight(host.settings().data_dir / "flight", os.getpid()) is None
