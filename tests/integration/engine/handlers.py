"""Handlers that tests and the worker processes of `runner` share; they write what they do to the job's journal."""

from __future__ import annotations

import asyncio
from pathlib import Path

from workhall.sdk import JobContext

from tests.integration.engine.hosting import Host


async def noop(job: JobContext) -> None:
    """Take long enough to be caught at it, and note that it ran."""
    await asyncio.sleep(0.03)
    note(job, job.id)


async def careful(job: JobContext) -> list[int]:
    """Do two steps, and wait for ever between them in the first attempt."""
    await job.progress(10, stage="first")
    first = await job.step("first", lambda: note(job, f"first {job.attempt}"), model=int)
    await job.progress(50, stage="second")
    if job.attempt == 1:
        note(job, "waiting")
        await asyncio.Event().wait()
    second = await job.step("second", lambda: note(job, f"second {job.attempt}"), model=int)
    return [first, second]


def note(job: JobContext, line: str) -> int:
    """Append a line to the journal that the payload names; returns the attempt's number."""
    with Path(job.payload.text).open("a") as journal:
        journal.write(f"{line}\n")
    return job.attempt


def serve_all(host: Host) -> None:
    """Install the processors."""
    host.serve(f"{__name__}:noop", "noop", concurrency=10)
    host.serve(f"{__name__}:careful", "careful", concurrency=5)
