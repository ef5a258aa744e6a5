"""The three things measured, for any Python subject; `peers/bullmq.mjs` does the same in JavaScript."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any, Literal

from bench.measure import BenchmarkError, Stopwatch, Tally, figures, percentiles
from bench.protocol import Figures, Load, Mode
from bench.python_subject import Enqueue, PythonSubject

Name = Literal["throughput", "latency", "enqueue", "produce"]
"""A mode, or the latency mode's other process, which adds jobs at a steady pace and prints nothing."""

MOST_SINGLE_ADDS = 1_000


async def throughput(subject: PythonSubject, redis_url: str, load: Load) -> Figures:
    """Add every job, then let one worker drain them: jobs per second and CPU per job."""
    async with subject.producer(redis_url) as enqueue:
        await _add_in_lanes(enqueue, load.total, load.concurrency)
    tally = Tally(load)
    async with subject.worker(redis_url, load.concurrency, tally):
        await tally.drained()
    more = {"all_jobs": load.total, "extra_starts": tally.extra_starts}
    return figures(subject.name, Mode.THROUGHPUT, load.jobs, tally.window, **more)


async def latency(subject: PythonSubject, redis_url: str, load: Load) -> Figures:
    """Run an idle worker while another process adds jobs at `load.rate`: from add to handler start."""
    tally = Tally(load)
    async with subject.worker(redis_url, load.concurrency, tally):
        await _run_producer_process()
        await tally.drained()
    more = {"all_jobs": load.total, "extra_starts": tally.extra_starts, **percentiles(tally.latencies_ms)}
    return figures(subject.name, Mode.LATENCY, load.jobs, tally.window, **more)


async def enqueue(subject: PythonSubject, redis_url: str, load: Load) -> Figures:
    """Add jobs one after another (duration of a call), then with many calls in flight (rate, CPU)."""
    singles = min(load.jobs, MOST_SINGLE_ADDS)
    window = Stopwatch()
    async with subject.producer(redis_url) as add:
        await _add_in_lanes(add, load.warmup, load.concurrency)
        calls_ms = [await _timed_add(add) for _ in range(singles)]
        window.start()
        await _add_in_lanes(add, load.jobs, load.concurrency)
        window.stop()
    more = {"all_jobs": load.total + singles, **percentiles(calls_ms)}
    return figures(subject.name, Mode.ENQUEUE, load.jobs, window, **more)


async def produce(subject: PythonSubject, redis_url: str, load: Load) -> None:
    """Add jobs at `load.rate`, never waiting for one add before the next is due (an open loop)."""
    async with subject.producer(redis_url) as add, asyncio.TaskGroup() as adds:
        began = time.perf_counter()
        for number in range(load.total):
            await asyncio.sleep(began + number / load.rate - time.perf_counter())
            adds.create_task(_add(add))


Run = Callable[[PythonSubject, str, Load], Coroutine[Any, Any, Figures | None]]
BY_NAME: dict[Name, Run] = {
    "throughput": throughput,
    "latency": latency,
    "enqueue": enqueue,
    "produce": produce,
}


async def _add(enqueue: Enqueue) -> None:
    await enqueue(time.time_ns())


async def _timed_add(enqueue: Enqueue) -> float:
    """Milliseconds that one add takes when nothing else is going on."""
    began = time.perf_counter()
    await _add(enqueue)
    return (time.perf_counter() - began) * 1e3


async def _add_in_lanes(enqueue: Enqueue, jobs: int, lanes: int) -> None:
    """Add `jobs` jobs with at most `lanes` calls in flight, as that many clients would."""
    numbers = itertools.repeat(None, jobs)

    async def lane() -> None:
        for _ in numbers:
            await _add(enqueue)

    async with asyncio.TaskGroup() as group:
        for _ in range(lanes):
            group.create_task(lane())


async def _run_producer_process() -> None:
    """Run this very command again as the producer; raises BenchmarkError when it fails."""
    arguments = sys.argv[1:]
    command = sys.orig_argv[: -len(arguments)]
    process = await asyncio.create_subprocess_exec(*command, "produce", *arguments[1:])
    try:
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code != 0:
        raise BenchmarkError(f"the producer process ended with exit code {code}")
