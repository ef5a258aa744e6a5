"""The running parts of one system: started in named steps, ended in the opposite order."""

from __future__ import annotations

import asyncio
import os
import socket
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from workhall.settings import Settings
from workhall.supervisor.environment import child_environment
from workhall.supervisor.keeper import Keeper, RestartWaits
from workhall.supervisor.listener import local_url, open_listener, public_name
from workhall.supervisor.plan import Plan
from workhall.supervisor.process import ChildCommand, launch_child
from workhall.supervisor.runfile import RunFile, remove_run_file, write_run_file
from workhall.supervisor.valkey import EmbeddedValkey
from workhall.supervisor.workers import Arguments, Died, Workers

__all__ = ["API_GRACE_S", "DRAIN_MARGIN_S", "System"]

DRAIN_MARGIN_S: Final = 5.0  # what a worker may need beyond the grace time to hand its jobs back and close
API_GRACE_S: Final = 10.0
_log = structlog.get_logger(__name__)


class System:
    """The running parts: what was started, in which order it ends."""

    def __init__(self, settings: Settings, plan: Plan, lock_fd: int) -> None:
        self._settings, self._plan, self._lock_fd = settings, plan, lock_fd
        self._leash = os.pipe()  # its write end stays here alone: end-of-file tells the children that we are gone
        self._valkey: EmbeddedValkey | None = None
        self._redis_url = settings.redis
        self._listener: socket.socket | None = None
        self._apis: list[Keeper] = []
        self._workers: Workers | None = None
        self._running = False

    @property
    def public(self) -> str:
        """The address as the operator named it."""
        return public_name(self._plan.host, self._socket)

    async def start(self) -> None:
        """Run the steps one after the other; returns when the first request can be served."""
        steps: tuple[Callable[[], Awaitable[None]], ...] = (
            self._start_redis,
            self._upgrade_database,
            self._open_listener,
            self._start_children,
        )
        for step in steps:
            await step()
        self._running = True
        self._write_run_file()

    async def drain(self, hurry: asyncio.Event) -> None:
        """End the parts: workers first, so that running jobs end while clients can still watch; Redis last."""
        self._running = False
        remove_run_file(self._settings.data_dir)
        grace_s = self._settings.shutdown_grace_s + DRAIN_MARGIN_S
        workers = list(self._workers or ())
        await _stop_all(workers, grace_s, hurry)
        _log.info("workers closed", count=len(workers))
        _log.info("queues closed")
        await _stop_all(self._apis, API_GRACE_S, hurry)
        if self._listener is not None:
            self._listener.close()
        _log.info("sockets closed")
        if self._valkey is not None:
            await self._valkey.stop()
        _log.info("Redis closed")
        for descriptor in self._leash:
            os.close(descriptor)

    async def _start_redis(self) -> None:
        if self._redis_url:
            from workhall.supervisor.redis_probe import wait_for_redis

            await wait_for_redis(self._redis_url)
            return
        valkey = EmbeddedValkey(self._settings.data_dir, held_fds=(self._lock_fd,), changed=self._write_run_file)
        await valkey.start()
        self._valkey, self._redis_url = valkey, valkey.url

    async def _upgrade_database(self) -> None:
        await asyncio.to_thread(self._plan.upgrade, self._settings.database)
        _log.info("the database is up to date")

    async def _open_listener(self) -> None:
        self._listener = open_listener(self._plan.host, self._plan.port)

    async def _start_children(self) -> None:
        self._apis = [self._api(number) for number in range(1, self._plan.api + 1)]
        self._workers = Workers(self._settings, self._redis_url, self._worker)
        starts = [asyncio.create_task(keeper.start()) for keeper in self._apis]
        starts.append(asyncio.create_task(self._workers.start(self._plan.workers)))
        try:
            await asyncio.gather(*starts)
        finally:
            for start in starts:
                start.cancel()
            await asyncio.gather(*starts, return_exceptions=True)

    def _api(self, number: int) -> Keeper:
        command = self._command("api", f"api {number}")
        return Keeper(command.name, partial(launch_child, command), changed=self._write_run_file)

    def _worker(self, name: str, arguments: Arguments, died: Died, waits: RestartWaits) -> Keeper:
        async def launch() -> Process:
            return await launch_child(self._command("worker", name, *arguments()))

        return Keeper(name, launch, changed=self._write_run_file, waits=waits, died=died)

    def _command(self, role: str, name: str, *arguments: str) -> ChildCommand:
        held = [self._lock_fd] if self._valkey is None else [self._lock_fd, self._valkey.lifeline_fd]
        url = local_url(self._plan.host, self._socket)
        env = child_environment(self._settings, name, redis_url=self._redis_url, url=url, api_processes=self._plan.api)
        return ChildCommand(
            name=name,
            argv=(*self._plan.program, role, *arguments),
            env=env,
            supervisor_fd=self._leash[0],
            held_fds=tuple(held),
            listen_fd=self._socket.fileno() if role == "api" else None,
        )

    @property
    def _socket(self) -> socket.socket:
        assert self._listener is not None  # noqa: S101 - opened by a step before anybody asks
        return self._listener

    def _write_run_file(self) -> None:
        if not self._running:
            return
        parts = {keeper.name: keeper.pid for keeper in (*self._apis, *(self._workers or ()))}
        if self._valkey is not None:
            parts["valkey"] = self._valkey.pid
        pids = {"supervisor": os.getpid()} | {name: pid for name, pid in parts.items() if pid is not None}
        url = local_url(self._plan.host, self._socket)
        _write_or_warn(self._settings.data_dir, RunFile(url=url, redis_url=self._redis_url, pids=pids))


def _write_or_warn(data_dir: Path, run: RunFile) -> None:
    try:
        write_run_file(data_dir, run)
    except OSError as error:  # a full disk must not end a running system
        _log.error("run.json could not be written; other commands may not find this system", reason=str(error))


async def _stop_all(keepers: Sequence[Keeper], grace_s: float, hurry: asyncio.Event) -> None:
    await asyncio.gather(*(keeper.stop(grace_s, hurry) for keeper in keepers))
