"""The system under test: ``workhall up`` on a data folder, started again whenever it dies."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil
from workhall.supervisor.runfile import RunFile, read_run_file

from chaos.effects import EFFECTS

__all__ = ["Host", "HostDown"]

_READY_WITHIN_S: Final = 90.0
_UP_AGAIN_WITHIN_S: Final = 100.0
_NOTICED_WITHIN_S: Final = 0.2
_ENDS_WITHIN_S: Final = 40.0
_GRACE_S: Final = 3
_AGAIN_AFTER_S: Final = 0.2
_ROOT: Final = Path(__file__).parents[1]
# What the surroundings may hold and the soak must not take over.
_OUTSIDE: Final = ("WORKHALL", "REDIS", "DATABASE", "STORAGE", "PUBLIC", "CORS", "SUPABASE", "AWS", "PORT")


class HostDown(Exception):
    """The system did not come up, or did not end; the message says where its log is."""


class Host:
    """One system.

    Attributes:
        data: its data folder.
        database_url: its database.
        starts: how often it came up.
        url: where its API answers; the same over restarts.
    """

    def __init__(self, data: Path, database_url: str, *, api: int, workers: int) -> None:
        self.data, self.database_url = data, database_url
        self.effects, self.log = data.parent / "effects", data.parent / "up.log"
        self.starts, self.url = 0, ""
        self._options = ("--api", str(api), "--workers", str(workers))
        self._process: Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._sessions: set[int] = set()
        self._ready = asyncio.Event()

    async def start(self) -> None:
        """Start it; from now on it is started again when it dies.

        Raises:
            HostDown: it does not come up.
        """
        _install_plugin(self.data.parent / "site")
        await self._up()
        self._keeper = asyncio.create_task(self._keep(), name="keep up")

    async def stop(self) -> int:
        """End it with SIGTERM; returns its exit code.

        Raises:
            HostDown: it did not end in time; it was killed.
        """
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        assert self._process is not None  # noqa: S101 - start() set it
        process = self._process
        if process.returncode is None:
            process.terminate()
        try:
            return await asyncio.wait_for(process.wait(), _ENDS_WITHIN_S)
        except TimeoutError:
            process.kill()
            raise HostDown(f"The system did not end within {_ENDS_WITHIN_S:g} s; its log is {self.log}.") from None

    async def destroy(self) -> None:
        """Leave nothing behind, whatever happened: kill what is left of every start."""
        if self._keeper is not None:
            self._keeper.cancel()
        for pid in self.left():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._process is not None:
            await self._process.wait()

    def left(self) -> list[int]:
        """What still runs of it: the processes of every session that a start has made."""
        return [process.pid for process in self._left()]

    def _left(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if _session_of(process) in self._sessions]

    @property
    def supervisor(self) -> int | None:
        """The process id of ``up``; None while it is down."""
        return self._process.pid if self._process and self._process.returncode is None else None

    def running(self) -> RunFile | None:
        """Where the parts are, as far as the supervisor has written it down."""
        return read_run_file(self.data)

    def pids(self, role: str) -> list[int]:
        """The living processes of a role: ``api``, ``worker`` or ``valkey``."""
        run = self.running()
        parts = run.pids.items() if run else ()
        return [pid for name, pid in parts if name.split()[0] == role and psutil.pid_exists(pid)]

    async def wait_until_up(self) -> None:
        """Return when ``up`` has said ready.

        Raises:
            HostDown: it did not within a time that is enough for several starts.
        """
        await asyncio.sleep(_NOTICED_WITHIN_S)  # until a death of just now is known
        try:
            await asyncio.wait_for(self._ready.wait(), _UP_AGAIN_WITHIN_S)
        except TimeoutError:
            left = ", ".join(map(_description, self._left()))
            raise HostDown(f"The system did not come up again; its log is {self.log}; what runs is {left}.") from None

    async def _keep(self) -> None:
        while True:
            assert self._process is not None  # noqa: S101 - _up() set it
            await self._process.wait()
            self._ready.clear()
            await asyncio.sleep(_AGAIN_AFTER_S)
            await self._up()

    async def _up(self) -> None:
        port = self.url.rpartition(":")[2] or "0"
        with self.log.open("ab") as log:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "workhall", "up", "--port", port, "--data", self.data, *self._options,
                stdin=DEVNULL, stdout=PIPE, stderr=log, cwd=self.data.parent, env=self._environment(),
                start_new_session=True,
            )  # fmt: skip
        self._sessions.add(process.pid)
        assert process.stdout is not None  # noqa: S101 - asked for
        try:
            line = (await asyncio.wait_for(process.stdout.readline(), _READY_WITHIN_S)).decode().strip()
        except TimeoutError:
            line = ""
        if line.startswith("ready "):
            self._ready.set()
            self.url = line.removeprefix("ready ")
            self.starts += 1
        elif process.returncode is None and self._keeper is None:
            process.kill()
        if not self.starts:
            raise HostDown(f"The system did not come up; its log is {self.log}.")

    def _environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OUTSIDE)}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        return {
            **kept,
            "PYTHONPATH": f"{self.data.parent / 'site'}{os.pathsep}{_ROOT}",
            "DATABASE_URL": self.database_url,
            "WORKHALL_PLUGINS": "chaos",
            "WORKHALL_SHUTDOWN_GRACE": str(_GRACE_S),
            EFFECTS: str(self.effects),
        }


def _install_plugin(site: Path) -> None:
    """Write the metadata by which plugins are found; the code is in this package."""
    info = site / "workhall_chaos-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.3\nName: workhall-chaos\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[workhall]\nchaos = chaos.plugin\n")


def _session_of(process: psutil.Process) -> int | None:
    try:
        return os.getsid(process.pid) if process.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.Error, ProcessLookupError):
        return None


def _description(process: psutil.Process) -> str:
    try:
        return f"{process.pid} ({process.status()}) {' '.join(process.cmdline()[-3:])}"
    except psutil.Error:
        return f"{process.pid} (gone)"
