"""The reconciler: whatever a death left undone is made good from the rows."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from workhall.jobs.ids import now_ms
from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import AttemptEnd, Claim, ClaimedJob, JobWrite, NewJob, Submission
from workhall.jobs.status import AttemptStatus, JobStatus
from workhall.sdk import JobContext, Retry

from tests.fixtures.rows import new_job
from tests.fixtures.waiting import eventually
from tests.integration.engine.hosting import Host
from tests.integration.engine.lua import Lua
from tests.integration.engine.test_lua_publish import published

LONG_AGO_MS = 3_600_000


async def answer(job: JobContext) -> int:
    return job.attempt


async def inserted(host: Host, **fields: Any) -> NewJob:
    """A committed row of which Redis has never heard."""
    job = new_job(**fields)
    await host.store.submit(Submission([job]))
    return job


async def started(host: Host, worker: str, **fields: Any) -> ClaimedJob:
    """A row that ``worker`` has claimed in the database."""
    job = await inserted(host, **fields)
    (claimed,) = await host.store.claim([Claim(job.job_id, worker, now_ms())])
    assert isinstance(claimed, ClaimedJob)
    return claimed


async def finished(host: Host, worker: str) -> ClaimedJob:
    """A job that ``worker`` has ended; it died before it could say so."""
    job, at = await started(host, worker), now_ms()
    done = JobEvents(job.job_id, "q", None, 1).complete(at, message="Done", result=None)
    end = AttemptEnd(AttemptStatus.COMPLETE, None, at)
    await host.store.write(
        JobWrite(job.job_id, 1, [done], JobStatus.COMPLETE, completed_at=at, attempt=end, result="7")
    )
    return job


def claimed_in_redis(lua: Lua, worker: str, *jobs: NewJob | ClaimedJob) -> None:
    """Have ``worker`` hold the jobs' claims."""
    lua.redis.sadd(f"saq:claims:{worker}", *(job.job_id for job in jobs))


async def test_whatever_a_death_left_behind_is_made_good(sqlite_host: Host, lua: Lua) -> None:
    host = sqlite_host
    old = now_ms() - LONG_AGO_MS
    never_queued = await inserted(host)
    never_scheduled = await inserted(host, run_at=now_ms() + 1500)
    old_and_never_queued = await inserted(host, created_at=old, run_at=old)
    popped = await inserted(host)  # taken from its queue, but not yet started
    running = await started(host, "ghost")
    dropped = await started(host, "ghost", created_at=old, run_at=old)  # running, but its claim is gone
    wiped = await started(host, "unknown", created_at=old, run_at=old)  # of a worker without any lease
    unsaid = await finished(host, "ghost")
    elsewhere = await started(host, "living")
    claimed_in_redis(lua, "ghost", popped, running, unsaid)
    claimed_in_redis(lua, "living", elsewhere)
    lua.live("ghost", for_ms=-1)
    lua.live("living")
    host.serve(answer, retry=Retry(attempts=1))
    begun = time.monotonic()
    async with host.working():
        fresh = (never_queued, never_scheduled, old_and_never_queued, popped)
        for job, attempt in [*((job, 1) for job in fresh), *((job, 2) for job in (running, dropped, wiped))]:
            row = await host.ended(job.job_id, within_s=15)
            assert (row["status"], row["result"], row["failures"]) == ("complete", attempt, 0)
        assert time.monotonic() - begun < 15
        await eventually(lambda: published(lua.redis, unsaid.job_id) == [1, 2, 3])
        assert (await host.job(elsewhere.job_id))["worker_id"] == "living"
        assert not lua.redis.exists("saq:claims:ghost")
        assert lua.redis.zscore("saq:leases", "ghost") is None
    assert await host.attempts(running.job_id) == [(1, "rescued"), (2, "complete")]
    assert await host.names(running.job_id) == ["queued", "started", "queued", "started", "complete"]
    assert published(lua.redis, running.job_id) == [1, 2, 3, 4, 5]
    assert (await host.log(never_scheduled.job_id))[1].at_ms >= never_scheduled.run_at


async def test_a_claim_whose_answer_was_lost_is_given_up(sqlite_host: Host, lua: Lua) -> None:
    host = sqlite_host
    host.serve(answer, retry=Retry(attempts=1))
    async with host.working() as worker:
        popped = await inserted(host, priority=7)
        committed = await started(host, worker.worker_id)  # its commit was done, and the answer lost
        claimed_in_redis(lua, worker.worker_id, popped, committed)
        assert (await host.ended(popped.job_id, within_s=10))["result"] == 1
        row = await host.ended(committed.job_id, within_s=10)
    assert (row["result"], row["failures"]) == (2, 0)
    assert lua.claims(worker.worker_id) == set()


async def test_redis_wiped_in_the_middle_loses_nothing_and_disturbs_nobody(sqlite_host: Host, lua: Lua) -> None:
    host = sqlite_host
    go_on, at_work = asyncio.Event(), asyncio.Event()

    async def long(job: JobContext) -> str:
        at_work.set()
        await go_on.wait()
        await job.progress(50)
        return "undisturbed"

    host.serve(answer, concurrency=1)
    host.serve(long, "long")
    host.serve(answer, "idle")
    old = now_ms() - LONG_AGO_MS
    elsewhere = await started(host, "slow-to-sign-in", created_at=old, run_at=old)
    lua.live("slow-to-sign-in")
    async with host.working():
        long_id = await host.submit("long")
        await asyncio.wait_for(at_work.wait(), 5)
        many = [await host.submit() for _ in range(50)]
        many += [await host.submit(delay_s=1.5), await host.submit("idle", delay_s=1.5)]
        await host.ended(many[0])
        lua.redis.flushall()
        many.append((await inserted(host)).job_id)  # which is found at the second look
        for job_id in many:
            row = await host.ended(job_id, within_s=15)
            assert (row["status"], row["result"], row["failures"]) == ("complete", 1, 0)
        row = await host.job(elsewhere.job_id)
        assert (row["worker_id"], row["claim_no"]) == ("slow-to-sign-in", 1)
        go_on.set()
        row = await host.ended(long_id)
        assert (row["result"], row["claim_no"]) == ("undisturbed", 1)
        await eventually(lambda: published(lua.redis, long_id) == [1, 2, 3, 4])
    assert await host.names(many[-2]) == ["queued", "started", "complete"]


async def test_a_lease_that_ran_out_because_redis_was_away_costs_its_worker_nothing(
    sqlite_host: Host, lua: Lua
) -> None:
    host = sqlite_host
    go_on, at_work = asyncio.Event(), asyncio.Event()

    async def long(job: JobContext) -> int:
        at_work.set()
        await go_on.wait()
        return job.attempt

    host.serve(long, "long")
    host.serve(answer)
    repairer = host.worker(queues=["q"])
    async with repairer.running(), host.worker(queues=["long"]).running():
        job_id = await host.submit("long")
        await asyncio.wait_for(at_work.wait(), 5)
        lua.redis.zadd("saq:leases", dict.fromkeys(lua.redis.zrange("saq:leases", 0, -1), lua.now_ms() - 1))
        probe = await inserted(host)
        await host.ended(probe.job_id, within_s=10)  # the reconciler has looked, more than once
        assert lua.redis.get("saq:reconciler") == repairer.worker_id.encode(), "one is elected, and stays"
        go_on.set()
        assert (await host.ended(job_id))["result"] == 1
