"""Workhall itself as a subject: what the engine, the whole path on SQLite and on PostgreSQL have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from workhall import CATALOGUE, JobContext, Processor
from workhall.engine.process import WorkerProcess
from workhall.jobs.execute import Installed
from workhall.jobs.ports import Store
from workhall.plugins.hookup import new_hooks
from workhall.plugins.registry import RegisteredProcessor, Registry
from workhall.providers.http import GuardedHttp
from workhall.settings import load_settings
from workhall.storage import open_storage

from bench.measure import Tally

QUEUE = "bench"
_HASH = "0" * 16


class NoopPayload(BaseModel):
    """Carries the time at which the job was added."""

    sent_ns: int


def registry(concurrency: int = 1) -> Registry:
    """Return a registry with the one no-op queue."""
    processor = Processor(queue=QUEUE, payload=NoopPayload, handler="bench:noop", concurrency=concurrency)
    served: Mapping[str, RegisteredProcessor] = {QUEUE: RegisteredProcessor(processor, "bench", "1", _HASH)}
    return Registry((), served, CATALOGUE, new_hooks())


@asynccontextmanager
async def working(redis_url: str, store: Any, concurrency: int, tally: Tally) -> AsyncIterator[None]:
    """Run one worker process's worth of engine in this process."""

    async def noop(job: JobContext[NoopPayload]) -> None:
        tally.handler_started(job.payload.sent_ns)

    known = registry(concurrency)
    installed = {QUEUE: Installed(known.processors[QUEUE], noop, None)}
    with TemporaryDirectory(prefix="workhall-bench-") as folder:
        settings = load_settings(Path(folder), redis_url=redis_url)
        http = GuardedHttp()
        counting: Any = Counting(store, tally)
        process = WorkerProcess(settings, known, installed, counting, open_storage(settings), http)
        async with process.running():
            yield
        await http.aclose()


class Counting:
    """A store that tells the tally of each job whose end is recorded."""

    def __init__(self, store: Store, tally: Tally) -> None:
        self._store = store
        self._tally = tally

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def write(self, write: Any) -> Any:
        """Write, then count a job that ended."""
        written = await self._store.write(write)
        if write.completed_at is not None:
            self._tally.job_finished(write.job_id)
        return written


def number_of(job_id: str) -> int:
    """Return the number that `id_of` put into a job id."""
    return UUID(job_id[-36:]).int


def id_of(number: int) -> str:
    """Return a job id that is nothing but a number, for an engine without rows."""
    return f"{QUEUE}-{UUID(int=number)}"
