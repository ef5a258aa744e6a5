"""`flock` on ``DIR/lock``: one running system per data folder.

The lock's descriptor is inherited by every child and by Valkey. So it is free only when all of them are gone, and a
system that is started while the children of a killed one still drain cannot open Valkey's files beside the old server.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from workhall.supervisor.errors import AlreadyRunning, StartError
from workhall.supervisor.runfile import read_run_file

__all__ = ["DataLock", "is_locked"]

_POLL_S: Final = 0.1
_log = structlog.get_logger(__name__)


class DataLock:
    """The lock of one data folder.

    Args:
        data_dir: the folder; made where it does not exist.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._descriptor: int | None = None

    @property
    def fd(self) -> int:
        """The lock's descriptor, to be inherited by the children."""
        assert self._descriptor is not None  # noqa: S101 - acquire() opened it
        return self._descriptor

    async def acquire(self, *, leftovers_s: float = 40.0) -> None:
        """Take the lock.

        Where the holder's supervisor is dead, its children are ending by themselves: they are waited for, at most
        ``leftovers_s`` seconds.

        Raises:
            AlreadyRunning: another system runs there; the sentence names the folder and the address.
            StartError: the folder cannot be used.
        """
        descriptor = _open(self._data_dir)
        try:
            await _acquire(descriptor, self._data_dir, leftovers_s)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; it stays taken until the last child that inherited it is gone too."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_locked(data_dir: Path) -> bool:
    """Tell whether a system runs, or is still ending, on ``data_dir``."""
    try:
        descriptor = os.open(data_dir / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _open(data_dir: Path) -> int:
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StartError(
            f"The data folder {data_dir} cannot be used ({reason}); give another one with --data."
        ) from None


async def _acquire(descriptor: int, data_dir: Path, leftovers_s: float) -> None:
    loop = asyncio.get_running_loop()
    deadline, told = loop.time() + leftovers_s, False
    while not _try(descriptor):
        if _holder_lives(descriptor):
            raise AlreadyRunning(_refusal(data_dir))
        if loop.time() > deadline:
            raise StartError(f"Processes of an earlier Workhall on {data_dir} have not ended after {leftovers_s:g} s.")
        if not told:
            _log.info("waiting for the processes of an earlier run to end", data=str(data_dir))
            told = True
        await asyncio.sleep(_POLL_S)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder_lives(descriptor: int) -> bool:
    with suppress(ValueError, ProcessLookupError):
        os.kill(int(os.pread(descriptor, 20, 0)), 0)
        return True
    return False


def _refusal(data_dir: Path) -> str:
    running = read_run_file(data_dir)
    where = f" at {running.url}" if running else " and is still starting or ending"
    return f"Workhall is already running on {data_dir}{where}; stop it first, or give another folder with --data."
