"""Real systems of stand-in processes, and a journal of what happens in them."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from workhall.supervisor.lock import is_locked

STAND_IN = Path(__file__).with_name("stand_in.py")


@dataclass
class Journal:
    """Lines that the processes sent, in order, and their connections."""

    path: str
    lines: list[str] = field(default_factory=list)
    connections: dict[str, asyncio.StreamWriter] = field(default_factory=dict)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def wait_for(self, text: str, times: int = 1, within_s: float = 20) -> list[str]:
        """Wait until ``times`` lines contain ``text``; returns them."""

        def found() -> list[str]:
            return [line for line in self.lines if text in line]

        async with self.news, asyncio.timeout(within_s):
            await self.news.wait_for(lambda: len(found()) >= times)
        return found()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = "?"
        while line := (await reader.readline()).decode().strip():
            name = " ".join(line.split()[:2])
            self.connections[name] = writer
            await self.note(line)
        await self.note(f"{name} gone")
        writer.close()

    async def note(self, line: str) -> None:
        async with self.news:
            self.lines.append(line)
            self.news.notify_all()


@pytest.fixture
async def journal() -> AsyncIterator[Journal]:
    with tempfile.TemporaryDirectory(prefix="wh-") as folder:
        journal = Journal(f"{folder}/journal")
        server = await asyncio.start_unix_server(journal.take, journal.path)
        yield journal
        server.close()


@dataclass
class Up:
    """A running stand-in `up`."""

    process: asyncio.subprocess.Process
    data_dir: Path
    ready: str

    async def end(self) -> tuple[int, str]:
        """Ask it to end; returns its exit code and what it wrote on stderr."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        return await self.outcome()

    async def outcome(self) -> tuple[int, str]:
        _, stderr = await asyncio.wait_for(self.process.communicate(), 30)
        return self.process.returncode, stderr.decode()


class Launcher:
    def __init__(self, data_dir: Path, journal: Journal) -> None:
        self.data_dir, self._journal = data_dir, journal
        self.processes: list[asyncio.subprocess.Process] = []

    async def start(self, **environment: str) -> Up:
        """Start the stand-in and wait for its first line on stdout, which is empty where it ends without one."""
        settled = {name: value for name, value in os.environ.items() if not name.startswith(("WORKHALL", "REDIS"))}
        process = await asyncio.create_subprocess_exec(
            *(os.sys.executable, str(STAND_IN), "up", str(self.data_dir)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**settled, "JOURNAL": self._journal.path, "WORKHALL_SHUTDOWN_GRACE": "5", **environment},
            start_new_session=True,
        )
        self.processes.append(process)
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        return Up(process, self.data_dir, line.decode().strip())

    async def finish(self) -> None:
        for process in self.processes:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                await asyncio.wait_for(process.communicate(), 30)
        await self.all_gone()

    async def all_gone(self, within_s: float = 20) -> None:
        """Wait until no process of the system is left: every one of them, Valkey included, holds the lock."""
        async with asyncio.timeout(within_s):
            while is_locked(self.data_dir):  # polled: a thread that waits in flock(2) could not be given up
                await asyncio.sleep(0.02)


@pytest.fixture
async def launcher(tmp_path: Path, journal: Journal) -> AsyncIterator[Launcher]:
    launcher = Launcher(tmp_path / "data", journal)
    yield launcher
    await launcher.finish()
