"""One supervised process: started, watched, started again when it dies, ended in time."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import structlog

from workhall.supervisor.errors import StartError, describe_exit

__all__ = ["Keeper", "RestartWaits", "kill_group"]

FIRST_WAIT_S: Final = 0.2
LONGEST_WAIT_S: Final = 5.0
HEALTHY_AFTER_S: Final = 30.0
_log = structlog.get_logger(__name__)


class RestartWaits:
    """How long to wait before each restart: ``first_s``, then twice as long each time, at most ``longest_s``.

    A process that lived ``healthy_s`` seconds starts the row anew.
    """

    def __init__(
        self, first_s: float = FIRST_WAIT_S, longest_s: float = LONGEST_WAIT_S, healthy_s: float = HEALTHY_AFTER_S
    ) -> None:
        self._first_s, self._longest_s, self._healthy_s = first_s, longest_s, healthy_s
        self._next_s = first_s

    def forgive(self) -> None:
        """Start the row anew: what ended the process will not happen again."""
        self._next_s = self._first_s

    def after(self, lived_s: float) -> float:
        """Return the seconds to wait after a life of ``lived_s`` seconds."""
        if lived_s >= self._healthy_s:
            self._next_s = self._first_s
        wait, self._next_s = self._next_s, min(self._next_s * 2, self._longest_s)
        return wait


class Keeper:
    """Keeps one process alive.

    Args:
        name: what the logs call it, e.g. ``worker 1``.
        launch: starts the process as the leader of a process group of its own and returns it when it is ready;
            raises `StartError` and leaves nothing behind where it does not come up, also when cancelled.
        changed: called after every start and end, e.g. to write the process ids down.
        end: asks the process to end; SIGTERM unless given.
        waits: the waits between restarts.
        died: called with process id and return code when it has ended by itself, before it is started again.
    """

    def __init__(
        self,
        name: str,
        launch: Callable[[], Awaitable[Process]],
        *,
        changed: Callable[[], None] = lambda: None,
        end: Callable[[Process], None] = Process.terminate,
        waits: RestartWaits | None = None,
        died: Callable[[int, int], Awaitable[None]] | None = None,
    ) -> None:
        self.name = name
        self._launch, self._changed, self._end = launch, changed, end
        self._waits = waits or RestartWaits()
        self._died = died
        self._process: Process | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process's id; None between two lives."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start the process and return when it is ready; from then on it is restarted when it dies.

        Raises:
            StartError: it did not come up the first time.
        """
        await self._run_once()
        self._watch = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    def start_soon(self) -> None:
        """Start the process without waiting for it; tried again for as long as it does not come up."""
        self._watch = asyncio.create_task(self._keep_trying(), name=f"keep {self.name}")

    async def stop(self, grace_s: float, hurry: asyncio.Event | None = None) -> None:
        """End the process: ask it, and kill it after ``grace_s`` seconds, or as soon as ``hurry`` is set."""
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            with suppress(ProcessLookupError):
                self._end(process)
            await _ended(process, grace_s, hurry)
        if process.returncode is None:
            _log.warning(f"{self.name} did not end in time and is killed", pid=process.pid, grace_s=grace_s)
        kill_group(process.pid)
        await process.wait()
        self._changed()

    async def _run_once(self) -> None:
        self._process = await self._launch()
        _log.info(f"{self.name} is ready", pid=self._process.pid)
        self._changed()

    async def _keep_trying(self) -> None:
        await self._restart(0)
        await self._keep()

    async def _keep(self) -> None:
        while True:
            pid, code, lived_s = await self._life()
            if self._died is not None:
                await self._died(pid, code)
            wait_s = self._waits.after(lived_s)
            _log.warning(f"{self.name} ended ({describe_exit(code)}); starting it again", in_s=wait_s)
            await self._restart(wait_s)

    async def _restart(self, wait_s: float) -> None:
        while not await self._restarted(wait_s):
            wait_s = self._waits.after(0)

    async def _restarted(self, wait_s: float) -> bool:
        await asyncio.sleep(wait_s)
        try:
            await self._run_once()
        except (StartError, OSError) as error:
            _log.error(f"{self.name} could not be started", reason=str(error))
            return False
        return True

    async def _life(self) -> tuple[int, int, float]:
        assert self._process is not None  # noqa: S101 - set by _run_once just before
        process, born = self._process, asyncio.get_running_loop().time()
        code = await process.wait()
        self._process = None
        kill_group(process.pid)
        self._changed()
        return process.pid, code, asyncio.get_running_loop().time() - born


def kill_group(leader: int) -> None:
    """Kill what is left of the process group of ``leader``, itself included; an empty group is fine."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


async def _ended(process: Process, grace_s: float, hurry: asyncio.Event | None) -> None:
    waits: list[asyncio.Task[Any]] = [asyncio.create_task(process.wait())]
    if hurry is not None:
        waits.append(asyncio.create_task(hurry.wait()))
    try:
        await asyncio.wait(waits, timeout=grace_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
