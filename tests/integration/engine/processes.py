"""Real worker processes, to be killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.integration.engine.hosting import Host

ROOT = Path(__file__).parents[3]


class Workers:
    """Starts worker processes and ends what it started."""

    def __init__(self, database_url: str, host: Host) -> None:
        self._arguments = (database_url, host.redis_url, str(host.folder))
        self._log = (host.folder.parent / "workers.log").open("ab")
        self._started: list[asyncio.subprocess.Process] = []

    async def start(self) -> asyncio.subprocess.Process:
        """Start one and wait until it claims jobs."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.integration.engine.runner", *self._arguments),
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=self._log,
        )
        self._started.append(process)
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        assert line == b"ready\n", Path(self._log.name).read_text()
        return process

    async def kill(self, process: asyncio.subprocess.Process) -> None:
        """End one as kill -9 does, and wait until it is gone."""
        process.kill()
        await process.communicate()

    async def end(self) -> None:
        for process in self._started:
            if process.returncode is None:
                process.terminate()
                await asyncio.wait_for(process.communicate(), 20)
        self._log.close()
