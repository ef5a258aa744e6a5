"""Stock SAQ: its own Queue and Worker with default settings, on asyncio's own loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from saq import Queue, Status, Worker

from bench.command_line import run_subject
from bench.measure import BenchmarkError, Tally
from bench.python_subject import Enqueue


class Saq:
    """SAQ as a subject of the benchmarks."""

    name = "saq"

    @asynccontextmanager
    async def producer(self, redis_url: str) -> AsyncIterator[Enqueue]:
        """Adds jobs with `Queue.enqueue`."""
        async with _connected(redis_url) as queue:
            yield lambda sent_ns: queue.enqueue("noop", sent_ns=sent_ns)

    @asynccontextmanager
    async def worker(self, redis_url: str, concurrency: int, tally: Tally) -> AsyncIterator[None]:
        """Runs `Worker.start()`; jobs count in `after_process`, called once the outcome is in Redis.

        A starting worker sweeps, and SAQ's sweeper takes a job that was claimed a moment ago for a stuck one:
        it runs twice or is aborted.  Sweeping just before holds the sweep lock, so the next is 60 s away.
        """
        async with _connected(redis_url) as queue:
            await queue.sweep()
            ready = asyncio.Event()
            worker = _worker(queue, concurrency, tally, ready)
            async with asyncio.TaskGroup() as group:
                group.create_task(worker.start())
                await ready.wait()
                yield
                worker.event.set()
            await _check_drained(queue)


@asynccontextmanager
async def _connected(redis_url: str) -> AsyncIterator[Queue]:
    queue = Queue.from_url(redis_url, name="bench")
    await queue.connect()
    try:
        yield queue
    finally:
        await queue.disconnect()


def _worker(queue: Queue, concurrency: int, tally: Tally, ready: asyncio.Event) -> Worker[Any]:
    async def noop(_context: Any, *, sent_ns: int) -> None:
        tally.handler_started(sent_ns)

    async def finished(context: Any) -> None:
        job = context["job"]
        if job.status == Status.COMPLETE:
            tally.job_finished(job.key)
        else:
            tally.job_failed(f"status {job.status}, {job.error}")

    async def started(_context: Any) -> None:
        ready.set()

    functions = [("noop", noop)]
    return Worker(queue, functions, concurrency=concurrency, startup=started, after_process=finished)


async def _check_drained(queue: Queue) -> None:
    if left := await queue.count("incomplete"):
        raise BenchmarkError(f"SAQ says {left} jobs are not done after the last handler returned")


if __name__ == "__main__":
    run_subject(Saq())
