"""A worker process: all its queues, one pump, one lease; from start-up to the end of its drain."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from redis.asyncio import Redis

from workhall.engine.cancel_watch import CancelWatch
from workhall.engine.claimer import JobClaimer
from workhall.engine.connections import connect
from workhall.engine.lease import Lease
from workhall.engine.pump import Pump
from workhall.engine.queue import HostQueue
from workhall.engine.reconciler import Reconciler
from workhall.engine.tasks import end_tasks
from workhall.engine.worker import HostWorker
from workhall.jobs.cancel import Canceller
from workhall.jobs.execute import Executor, Installed
from workhall.jobs.ids import uuid7
from workhall.jobs.store import SqlStore, open_database
from workhall.jobs.store.queues import remember_queues
from workhall.jobs.submit import Submitter
from workhall.plugins.handlers import resolve_handler
from workhall.plugins.installed import installed_registry
from workhall.plugins.plugin_settings import build_settings
from workhall.plugins.registry import RegisteredProcessor, Registry
from workhall.providers.http import GuardedHttp
from workhall.sdk.services import Http, Storage
from workhall.settings import Settings, environment
from workhall.storage import open_storage

__all__ = ["run_worker"]

_log = logging.getLogger("workhall.engine")


async def run_worker(
    settings: Settings, *, queues: Sequence[str] = (), stop: asyncio.Event, ready: Callable[[], None]
) -> None:
    """Serve ``queues`` (all that are installed where none is named) until ``stop`` is set, then drain.

    Raises:
        ValueError: a named queue is not installed.
        workhall.plugins.handlers.HandlerError: a handler cannot be imported.
    """
    registry = installed_registry(settings)
    installed = _import_handlers(_chosen(registry, queues))
    async with AsyncExitStack() as stack:
        database = open_database(settings.database)
        stack.push_async_callback(database.close)
        http = GuardedHttp(settings.allowed_hosts)
        stack.push_async_callback(http.aclose)
        worker = WorkerProcess(settings, registry, installed, SqlStore(database), open_storage(settings), http)
        async with worker.running():
            ready()
            await stop.wait()


def _chosen(registry: Registry, queues: Sequence[str]) -> dict[str, RegisteredProcessor]:
    if unknown := [queue for queue in queues if queue not in registry.processors]:
        names = ", ".join(sorted(registry.processors)) or "none"
        raise ValueError(f"The queue {unknown[0]} is not installed; the queues are: {names}.")
    return {queue: one for queue, one in registry.processors.items() if not queues or queue in queues}


def _import_handlers(chosen: Mapping[str, RegisteredProcessor]) -> dict[str, Installed]:
    """Import every handler before this process says ready, so that files that change later cannot reach it."""
    variables = environment()
    return {
        queue: Installed(one, resolve_handler(one.processor), build_settings(one.processor, one.plugin, variables))
        for queue, one in chosen.items()
    }


class WorkerProcess:
    """Everything that runs jobs in this process."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        installed: Mapping[str, Installed],
        store: SqlStore,
        storage: Storage,
        http: Http,
    ) -> None:
        self.worker_id = f"{socket.gethostname()}-{os.getpid()}-{str(uuid7())[-6:]}"
        self._settings = settings
        self._registry = registry
        self._installed = installed
        self._store = store
        self._connections = {part: self._connect(part) for part in ("pump", "sleeper", "upkeep")}
        self._pump = Pump(self._connections["pump"], store.events, self.worker_id)
        self._executor = Executor(registry, installed, store, self._pump, store.database, storage, http)
        self._workers = {queue: self._worker(queue, one) for queue, one in installed.items()}
        self._claimer = JobClaimer(self._pump, store, self._workers, self._connections["sleeper"])
        self._reconciler = Reconciler(self.worker_id, self._connections["upkeep"], store, self._pump, self._busy)
        self._claimer.on_new_epoch = self._reconciler.start_over
        self._claimer.on_cancel = self._executor.cancel
        self._cancels = CancelWatch(store, self._executor.running, self._executor.cancel)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Claim and run jobs inside; drain on the way out."""
        await self._remember_queues()
        lease = Lease(self._settings.redis, self.worker_id)
        await asyncio.to_thread(lease.start)
        self._pump.start(self._claimer)
        self._pump.ask()
        starts = [asyncio.create_task(worker.start(), name="worker") for worker in self._workers.values()]
        upkeep = [
            asyncio.create_task(self._claimer.sleep(self.worker_id), name="sleeper"),
            asyncio.create_task(self._reconciler.run(), name="reconciler"),
            asyncio.create_task(self._cancels.run(), name="cancel-watch"),
        ]
        await asyncio.gather(*(worker.started.wait() for worker in self._workers.values()))
        _log.info("Worker %s serves %d queues", self.worker_id, len(self._workers))
        try:
            yield
        finally:
            await self._drain(starts, upkeep)
            await asyncio.to_thread(lease.release)

    async def _drain(self, starts: Sequence[asyncio.Task[None]], upkeep: Sequence[asyncio.Task[None]]) -> None:
        """Claim nothing more, let jobs finish up to the grace time, hand the rest back uncharged."""
        self._pump.stop_claiming()
        await end_tasks(upkeep)
        await self._claimer.settled()
        for worker in self._workers.values():
            worker.event.set()
        await asyncio.gather(*starts, return_exceptions=True)
        _log.info("workers closed")
        await self._pump.close()
        _log.info("queues closed")
        for connection in self._connections.values():
            with suppress(Exception):  # a connection that is gone is closed
                await connection.aclose()
        _log.info("connections closed")

    async def _remember_queues(self) -> None:
        plugins = {queue: one.registered.plugin for queue, one in self._installed.items()}
        await self._store.database.write(lambda connection: remember_queues(connection, plugins))

    def _worker(self, queue: str, one: Installed) -> HostWorker:
        return HostWorker(
            self._queue(queue),
            self._executor.execute,
            concurrency=one.registered.processor.concurrency,
            worker_id=self.worker_id,
            grace_s=self._settings.shutdown_grace_s,
            ended=lambda name: self._claimer.ended(name),
        )

    def _queue(self, queue: str) -> HostQueue:
        submitter = Submitter(self._registry, self._store, self._pump)
        canceller = Canceller(self._store, self._pump)
        return HostQueue(queue, self._store, self._connections["upkeep"], submitter, canceller)

    def _busy(self) -> set[str]:
        return self._claimer.pending.union(*(worker.running for worker in self._workers.values()))

    def _connect(self, part: str) -> Redis:
        return connect(self._settings.redis, f"{part}-{self.worker_id}")
