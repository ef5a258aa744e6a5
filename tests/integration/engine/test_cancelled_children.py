"""A handler that ends its own job as cancelled takes its children along, running ones too."""

from __future__ import annotations

import asyncio

from workhall.sdk import JobCancelled, JobContext

from tests.integration.engine.hosting import Host


async def test_children_end_with_a_parent_that_cancels_itself(host: Host) -> None:
    begun, told = asyncio.Event(), asyncio.Event()

    async def parent(job: JobContext) -> None:
        await job.dispatch("child", {"n": 1}, key="running")
        await begun.wait()
        await job.dispatch("child", {"n": 2}, key="waiting")
        raise JobCancelled("Nobody wants it any more.")

    async def child(job: JobContext) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            told.set()

    host.serve(parent)
    host.serve(child, "child", concurrency=1)
    async with host.working():
        job_id = await host.submit()
        row = await host.ended(job_id)
        assert row["status"] == "cancelled"
        await asyncio.wait_for(told.wait(), 5)
        for identifier in await host.children(job_id):
            assert (await host.ended(identifier))["status"] == "cancelled"
            assert (await host.names(identifier))[-2:] == ["cancelled", "failed"]
        attempts = [await host.attempts(identifier) for identifier in await host.children(job_id)]
        assert sorted(attempts) == [[], [(1, "cancelled")]]
