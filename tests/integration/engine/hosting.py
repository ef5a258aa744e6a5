"""A host in this process: test processors, a submitter and as many worker processes' insides as a test wants."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel
from sqlalchemy import select
from workhall.engine.dispatcher import RedisDispatcher
from workhall.engine.process import WorkerProcess
from workhall.jobs.execute import Installed
from workhall.jobs.messages import LoggedEvent
from workhall.jobs.principal import HOST, Principal
from workhall.jobs.status import TERMINAL
from workhall.jobs.store import SqlStore
from workhall.jobs.store.records import read_attempts, read_job
from workhall.jobs.submit import JobRequest, Submitter
from workhall.jobs.tables import dead_letters, generation_jobs
from workhall.plugins.handlers import resolve_handler
from workhall.plugins.hookup import new_hooks
from workhall.plugins.registry import RegisteredProcessor, Registry
from workhall.sdk import CATALOGUE, EventSpec, Processor, WireModel
from workhall.settings import Settings, load_settings
from workhall.storage import open_storage

from tests.fixtures.waiting import eventually

Handler = Callable[[Any], Awaitable[Any]]


class Note(WireModel):
    """The payload of most test processors."""

    n: int = 0
    text: str = ""


class Host:
    """Processors with their handlers, over one store and one Redis."""

    def __init__(self, store: SqlStore, redis_url: str, folder: Path) -> None:
        self.store, self.redis_url, self.folder = store, redis_url, folder
        self.dispatcher = RedisDispatcher(redis_url, "test", store.events)
        self.events: dict[str, EventSpec] = dict(CATALOGUE)
        self._installed: dict[str, Installed] = {}

    def serve(self, handler: Handler | str, queue: str = "q", payload: type[BaseModel] = Note, **policy: Any) -> None:
        """Install a processor; ``handler`` is a function, or the name of one to be imported."""
        name = handler if isinstance(handler, str) else "somewhere:handler"
        processor = Processor(queue=queue, payload=payload, handler=name, **policy)
        function = resolve_handler(processor) if isinstance(handler, str) else handler
        self._installed[queue] = Installed(RegisteredProcessor(processor, "test", "1", "0" * 16), function, None)

    @property
    def registry(self) -> Registry:
        registered = {queue: one.registered for queue, one in self._installed.items()}
        return Registry((), registered, self.events, new_hooks())

    def settings(self, grace_s: float = 5) -> Settings:
        return load_settings(self.folder, redis_url=self.redis_url, shutdown_grace_s=grace_s)

    def worker(self, *, grace_s: float = 5, queues: Sequence[str] = ()) -> WorkerProcess:
        """Everything that runs jobs in a worker process; use its `running`."""
        settings = self.settings(grace_s)
        served = {queue: one for queue, one in self._installed.items() if not queues or queue in queues}
        return WorkerProcess(settings, self.registry, served, self.store, open_storage(settings), None)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[WorkerProcess]:
        """A worker that claims and runs inside the block and drains at its end."""
        worker = self.worker()
        async with worker.running():
            yield worker

    async def submit(self, queue: str = "q", /, *, principal: Principal = HOST, **fields: Any) -> str:
        """Submit one job; ``delay_s`` and ``priority`` apart, the keywords are its payload."""
        wish = {name: fields.pop(name) for name in ("delay_s", "priority") if name in fields}
        return (await self.submit_all([JobRequest(queue, fields, **wish)], principal))[0]

    async def submit_all(self, requests: Sequence[JobRequest], principal: Principal = HOST) -> list[str]:
        submitter = Submitter(self.registry, self.store, self.dispatcher)
        return [accepted.job_id for accepted in await submitter.submit(principal, requests)]

    async def job(self, job_id: str) -> dict[str, Any]:
        """The job's row, with its result decoded."""
        row = await self.store.database.read(lambda connection: read_job(connection, job_id))
        assert row is not None
        return {**row, "result": orjson.loads(row["result"] or "null")}

    async def ended(self, job_id: str, within_s: float = 15) -> dict[str, Any]:
        """Wait for the job's end; returns its row."""
        return await self.reached(job_id, *TERMINAL, within_s=within_s)

    async def reached(self, job_id: str, *statuses: str, within_s: float = 15) -> dict[str, Any]:
        """Wait until the job is in one of ``statuses``; returns its row."""

        async def look() -> bool:
            (state,) = await self.store.states([job_id])
            return state.status in statuses

        await eventually(look, within_s)
        return await self.job(job_id)

    async def all_ended(self, within_s: float = 30) -> None:
        """Wait until no job is left that has not ended."""

        async def look() -> bool:
            return not await self.store.live((0, ""), 1)

        await eventually(look, within_s)

    async def attempts(self, job_id: str) -> list[tuple[int, str]]:
        rows = await self.store.database.read(lambda connection: read_attempts(connection, job_id))
        return [(row["number"], row["status"]) for row in rows]

    async def log(self, job_id: str) -> list[LoggedEvent]:
        """The job's events; they must be numbered 1, 2, 3 … as its row says."""
        events = await self.store.events(job_id)
        (state,) = await self.store.states([job_id])
        assert [event.seq for event in events] == list(range(1, state.last_seq + 1))
        return events

    async def names(self, job_id: str) -> list[str]:
        """The names of the job's events, without the common beginning ``job:``."""
        return [event.name.removeprefix("job:") for event in await self.log(job_id)]

    async def children(self, job_id: str) -> list[str]:
        statement = select(generation_jobs.c.job_id).where(generation_jobs.c.parent_job_id == job_id)
        return await self.store.database.read(lambda connection: sorted(connection.scalars(statement)))

    async def dead_letters(self) -> list[dict[str, Any]]:
        statement = select(dead_letters)
        return await self.store.database.read(
            lambda connection: [dict(row) for row in connection.execute(statement).mappings()]
        )


def fields(event: LoggedEvent) -> dict[str, Any]:
    """What an event carries, as clients see it."""
    return orjson.loads(event.wire)
