"""A worker process: all its queues, one pump, one lease; from start-up to the end of its drain."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress

from redis.asyncio import Redis

from workhall.engine.cancel_watch import CancelWatch
from workhall.engine.claimer import JobClaimer
from workhall.engine.connections import connect
from workhall.engine.flight_file import FLIGHTS
from workhall.engine.flight_recorder import FlightRecorder
from workhall.engine.lease import Lease
from workhall.engine.placement import PlacementWatch
from workhall.engine.pump import Pump
from workhall.engine.queue import HostQueue
from workhall.engine.reconciler import Reconciler
from workhall.engine.service import ALL, Service, installed_for
from workhall.engine.tasks import end_tasks
from workhall.engine.watchdog import Watchdog
from workhall.engine.worker import HostWorker
from workhall.jobs.alerts import AlertMail
from workhall.jobs.cancel import Canceller
from workhall.jobs.execute import Executor, Installed
from workhall.jobs.ids import uuid7
from workhall.jobs.store import SqlStore, open_database
from workhall.jobs.store.queues import read_isolated, remember_queues
from workhall.jobs.submit import Submitter
from workhall.plugins.installed import installed_registry
from workhall.plugins.registry import Registry
from workhall.providers.http import GuardedHttp
from workhall.sdk.services import Http, Storage
from workhall.settings import Settings
from workhall.storage import open_storage

__all__ = ["WorkerProcess", "run_worker"]

_log = logging.getLogger("workhall.engine")


async def run_worker(
    settings: Settings, service: Service = ALL, *, stop: asyncio.Event, ready: Callable[[], None]
) -> None:
    """Serve until ``stop`` is set, then drain.

    Raises:
        ValueError: a named queue is not installed.
        workhall.plugins.handlers.HandlerError: a handler cannot be imported.
    """
    registry = installed_registry(settings)
    async with AsyncExitStack() as stack:
        database = open_database(settings.database)
        stack.push_async_callback(database.close)
        isolated = await database.read(read_isolated) if service.shared else ()
        installed = installed_for(registry, service, isolated)
        http = GuardedHttp(settings.allowed_hosts)
        stack.push_async_callback(http.aclose)
        worker = WorkerProcess(
            settings,
            registry,
            installed,
            SqlStore(database, AlertMail(registry, settings.support_email)),
            open_storage(settings),
            http,
            service,
        )
        async with worker.running(watched=True):
            ready()
            await stop.wait()


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
        service: Service = ALL,
    ) -> None:
        self.worker_id = f"{socket.gethostname()}-{os.getpid()}-{str(uuid7())[-6:]}"
        self._settings = settings
        self._registry = registry
        self._installed = installed
        self._store = store
        self._service = service
        self._recorder = FlightRecorder()
        self._connections = {part: self._connect(part) for part in ("pump", "sleeper", "upkeep")}
        self._pump = Pump(self._connections["pump"], store.events, self.worker_id)
        self._executor = Executor(registry, installed, store, self._pump, store.database, storage, http)
        self._workers = {queue: self._worker(queue, one) for queue, one in installed.items()}
        self._claimer = JobClaimer(self._pump, store, self._workers, self._connections["sleeper"])
        self._reconciler = Reconciler(self.worker_id, self._connections["upkeep"], store, self._pump, self._busy)
        self._claimer.on_new_epoch = self._reconciler.start_over
        self._claimer.on_cancel = self._executor.cancel
        self._cancels = CancelWatch(store, self._executor.running, self._executor.cancel)
        self._placement = PlacementWatch(store.database, self._claimer.leave)
        if service.shared:
            self._claimer.on_leave = self._claimer.leave
        self._watchdog = Watchdog(
            self._recorder,
            self._executor.running,
            grace_s=settings.watchdog_grace_s,
            memory_mb=settings.worker_memory_mb,
        )

    @asynccontextmanager
    async def running(self, *, watched: bool = False) -> AsyncIterator[None]:
        """Claim and run jobs inside; drain on the way out.

        ``watched``: the watchdog may end the whole process, so this is for worker processes alone.
        """
        await self._remember_queues()
        self._open_recorder()
        with self._watchdog.watching() if watched else nullcontext():
            async with self._leased(), self._working():
                yield
        self._recorder.close()

    @asynccontextmanager
    async def _leased(self) -> AsyncIterator[None]:
        lease = Lease(self._settings.redis, self.worker_id)
        await asyncio.to_thread(lease.start)
        try:
            yield
        finally:
            await asyncio.to_thread(lease.release)

    @asynccontextmanager
    async def _working(self) -> AsyncIterator[None]:
        starts = [asyncio.create_task(worker.start(), name="worker") for worker in self._workers.values()]
        upkeep = [
            asyncio.create_task(self._claimer.sleep(self.worker_id), name="sleeper"),
            asyncio.create_task(self._reconciler.run(), name="reconciler"),
            asyncio.create_task(self._cancels.run(), name="cancel-watch"),
        ]
        if self._service.shared:
            upkeep.append(asyncio.create_task(self._placement.run(), name="placement"))
        await asyncio.gather(*(worker.started.wait() for worker in self._workers.values()))
        _log.info("Worker %s serves %d queues", self.worker_id, len(self._workers))
        self._pump.start(self._claimer)  # last: no job may end this process before it has said that it is ready
        self._pump.ask()
        try:
            yield
        finally:
            await self._drain(starts, upkeep)

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

    def _open_recorder(self) -> None:
        backoffs = {
            queue: one.registered.processor.retry.backoff.model_dump() for queue, one in self._installed.items()
        }
        self._recorder.open(self._settings.data_dir / FLIGHTS, self.worker_id, backoffs)

    async def _remember_queues(self) -> None:
        plugins = {queue: one.registered.plugin for queue, one in self._installed.items()}
        await self._store.database.write(lambda connection: remember_queues(connection, plugins))

    def _worker(self, queue: str, one: Installed) -> HostWorker:
        return HostWorker(
            self._queue(queue),
            self._executor.execute,
            self._recorder,
            concurrency=min(one.registered.processor.concurrency, self._service.most_at_once or sys.maxsize),
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
