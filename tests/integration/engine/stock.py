"""Stock SAQ, to be met at its faults.

As a program, ``python -m …stock REDIS JOURNAL``, it is a worker process whose handler notes its start, and hangs.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from saq import Job, Worker
from saq.queue.redis import RedisQueue

from tests.fixtures.waiting import eventually
from tests.integration.engine.processes import ROOT

QUEUE = "k"


class StockWorkers:
    """Starts worker processes, and ends what it started."""

    def __init__(self, redis_url: str, journal: Path) -> None:
        self._command = (sys.executable, "-m", "tests.integration.engine.stock", redis_url, str(journal))
        self._log = journal.with_suffix(".log").open("ab")
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for process in self._started:
            process.kill()  # nothing is sent to one that has been waited for
            process.wait()
        self._log.close()

    def start(self) -> subprocess.Popen[bytes]:
        """Start one."""
        self._started.append(subprocess.Popen(self._command, cwd=ROOT, stdout=self._log, stderr=self._log))
        return self._started[-1]


class SlowToStart(RedisQueue):
    """A queue in a process whose loop is busy just when a job was taken from it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.taken, self.go_on = asyncio.Event(), asyncio.Event()

    async def dequeue(self, timeout: float = 0.0, poll_interval: float = 0.0) -> Job | None:
        job = await super().dequeue(timeout, poll_interval)
        self.taken.set()
        await self.go_on.wait()
        return job


@asynccontextmanager
async def serving(queue: RedisQueue, name: str, handler: Callable[..., Awaitable[Any]]) -> AsyncIterator[None]:
    """A worker of stock SAQ in this process."""
    worker = Worker(queue, [(name, handler)], concurrency=4)
    worker.SIGNALS = []
    task = asyncio.create_task(worker.start())
    await first_sweep(queue)
    try:
        yield
    finally:
        await worker.stop()
        await task


async def hang(ctx: dict[str, Any]) -> None:
    """Note the start, and never end."""
    with Path(sys.argv[2]).open("a") as journal:
        journal.write(f"{ctx['job'].key}\n")
    await asyncio.Event().wait()


async def stored(queue: RedisQueue, job: Job) -> Job:
    """The job as the server has it."""
    found = await queue.job(job.key)
    assert found is not None
    return found


async def first_sweep(queue: RedisQueue) -> None:
    """Wait for the sweep with which a worker starts: it may take out, too, what was dequeued just then."""
    await eventually(lambda: queue.redis.exists(queue.namespace("sweep")), within_s=20)


async def is_nowhere(queue: RedisQueue) -> bool:
    """Whether no structure that stock SAQ ever looks at holds any job, once its locks have run out."""
    await queue.redis.delete(queue.namespace("sweep"), queue.namespace("schedule"))
    assert await queue.schedule() == []
    assert await queue.sweep(lock=1) == []
    counts = [await queue.count(kind) for kind in ("queued", "active", "incomplete")]
    return counts == [0, 0, 0]


if __name__ == "__main__":
    # SIGTERM is its own way to stop it; it sweeps as it starts.
    asyncio.run(Worker(RedisQueue.from_url(sys.argv[1], name=QUEUE), [hang]).start())
