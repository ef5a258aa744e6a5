"""SQLite: one writing connection per process in a thread of its own, under a lock file shared by all processes.

``synchronous=NORMAL`` in WAL mode survives a kill, not a power loss (SQLite documentation, "PRAGMA synchronous").
The lock file makes writers wait in the kernel instead of polling SQLite's own lock.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from workhall.jobs.store.database import Database, DatabaseAway

__all__ = ["SqliteDatabase", "sqlite_engine"]

T = TypeVar("T")
_READERS: Final = 3
_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "busy_timeout=10000",
    "cache_size=-32000",
)


def sqlite_engine(path: str, *, begin: str, connections: int) -> Engine:
    """Return an engine whose transactions open with ``begin`` (``BEGIN`` or ``BEGIN IMMEDIATE``)."""
    engine = create_engine(
        f"sqlite:///{path}", poolclass=QueuePool, pool_size=connections, connect_args={"check_same_thread": False}
    )

    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not open transactions of its own
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


class SqliteDatabase(Database):
    """A file in the data folder, shared by the processes of one host."""

    dialect = "sqlite"

    def __init__(self, path: str) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._writer = sqlite_engine(path, begin="BEGIN IMMEDIATE", connections=1)
        self._reader = sqlite_engine(path, begin="BEGIN", connections=_READERS)
        self._write_thread = ThreadPoolExecutor(1, "sqlite-write")
        self._read_threads = ThreadPoolExecutor(_READERS, "sqlite-read")

    async def write(self, work: Callable[[Connection], T]) -> T:
        """See `Database.write`."""
        return await asyncio.get_running_loop().run_in_executor(self._write_thread, self._write, work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """See `Database.read`."""
        return await asyncio.get_running_loop().run_in_executor(self._read_threads, _run, self._reader, work)

    async def close(self) -> None:
        """See `Database.close`."""
        self._write_thread.shutdown()
        self._read_threads.shutdown()
        self._writer.dispose()
        self._reader.dispose()
        os.close(self._lock)

    def _write(self, work: Callable[[Connection], T]) -> T:
        with self._only_writer():
            return _run(self._writer, work)

    @contextmanager
    def _only_writer(self) -> Iterator[None]:
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)


def _run(engine: Engine, work: Callable[[Connection], T]) -> T:
    try:
        with engine.begin() as connection:
            return work(connection)
    except OperationalError as error:
        raise DatabaseAway(f"The database cannot be used: {error.orig}") from error
