"""PostgreSQL through asyncpg: two connections for writers, three for readers, per process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from workhall.jobs.store.database import Database, DatabaseAway

__all__ = ["PostgresDatabase"]

T = TypeVar("T")
_WRITERS: Final = 2
_READERS: Final = 3
# Serialization failure and deadlock: PostgreSQL documentation, appendix A; the transaction is to be run again.
_RUN_AGAIN: Final = ("40001", "40P01")
_TRIES: Final = 5
# No fault of what was asked (appendix A): lost or refused connections, a full server, one that stops, starts or only
# lets read.
_AWAY: Final = ("08", "53", "57P01", "57P02", "57P03", "25006")


class PostgresDatabase(Database):
    """A server, shared by any number of hosts.

    A transaction runs to its end although its caller is cancelled, as it does on SQLite: else asyncpg would give the
    connection up, and nobody could say what was committed.
    """

    dialect = "postgresql"

    def __init__(self, url: URL) -> None:
        address = url.set(drivername="postgresql+asyncpg")
        self._writer = _engine(address, _WRITERS)
        self._reader = _engine(address, _READERS)
        self._under_way: set[asyncio.Task[Any]] = set()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """See `Database.write`."""
        return await self._to_its_end(self._write(work))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """See `Database.read`."""
        return await self._to_its_end(_run(self._reader, work))

    async def close(self) -> None:
        """See `Database.close`."""
        while self._under_way:
            await asyncio.wait(self._under_way)
        await asyncio.gather(self._writer.dispose(), self._reader.dispose())

    async def _to_its_end(self, transaction: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(transaction, name="transaction")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        for tries_left in reversed(range(_TRIES)):
            try:
                return await _run(self._writer, work)
            except DBAPIError as error:
                if not tries_left or _sqlstate(error) not in _RUN_AGAIN:
                    raise
        raise AssertionError("unreachable")


def _engine(address: URL, connections: int) -> AsyncEngine:
    return create_async_engine(
        address,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=10,
        pool_use_lifo=True,
        connect_args={"timeout": 5, "command_timeout": 30},
    )


async def _run(engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    except (OperationalError, InterfaceError, PoolTimeout, OSError, TimeoutError) as error:
        raise DatabaseAway(f"The database cannot be used: {error}") from error
    except DBAPIError as error:
        if error.connection_invalidated or (_sqlstate(error) or "").startswith(_AWAY):
            raise DatabaseAway(f"The database cannot be used: {error.orig}") from error
        raise


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
