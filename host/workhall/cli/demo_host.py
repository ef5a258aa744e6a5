"""The demo's host: `workhall up` as a process of its own, with embedded defaults and a log file."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from workhall.cli.options import CommandError
from workhall.supervisor.child import SUPERVISOR_FD
from workhall.supervisor.plan import PROGRAM

__all__ = ["demo_host"]

# Set to nothing rather than left out, so that a .env file cannot bring them back.
_EMBEDDED: Final = dict.fromkeys(("REDIS_URL", "REDIS_HOST", "DATABASE_URL", "STORAGE_URL", "PUBLIC_URL"), "")
_READY_WITHIN_S: Final = 120.0
_DRAIN_WITHIN_S: Final = 60.0


@asynccontextmanager
async def demo_host(data_dir: Path) -> AsyncIterator[str]:
    """Run the whole system on ``data_dir`` and a free port while the body runs; yields its address.

    The host holds a pipe to this process, so it ends even where this process is killed.

    Raises:
        CommandError: it does not come up; the sentence is its own.
    """
    leash, our_end = os.pipe()
    log = data_dir / "demo.log"
    try:
        process = await _spawn(data_dir, log, leash)
        try:
            yield await _ready_url(process, log)
        finally:
            await _end(process)
    finally:
        os.close(leash)
        os.close(our_end)


async def _spawn(data_dir: Path, log: Path, leash: int) -> Process:
    with log.open("wb") as stderr:
        return await asyncio.create_subprocess_exec(
            *PROGRAM,
            *("up", "--port", "0", "--workers", "1", "--data", str(data_dir)),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=stderr,
            env={**os.environ, **_EMBEDDED, "WORKHALL_ENV": "development", SUPERVISOR_FD: str(leash)},
            pass_fds=[leash],
            process_group=0,
        )


async def _ready_url(process: Process, log: Path) -> str:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    try:
        async with asyncio.timeout(_READY_WITHIN_S):
            line = (await process.stdout.readline()).decode()
            if line.startswith("ready "):
                return line.removeprefix("ready ").strip()
            await process.wait()
    except TimeoutError:
        raise CommandError(f"Workhall was not ready within {_READY_WITHIN_S:g} s; {log} says why.") from None
    raise CommandError(_last_line(log) or f"Workhall ended before it was ready; {log} says why.")


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


async def _end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _DRAIN_WITHIN_S)
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
