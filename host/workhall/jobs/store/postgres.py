"""PostgreSQL through asyncpg: two connections for writers, three for readers, per process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from workhall.jobs.store.database import Database, DatabaseAway

__all__ = ["PostgresDatabase"]

T = TypeVar("T")
_WRITERS: Final = 2
_READERS: Final = 3
# Serialization failure and deadlock: PostgreSQL documentation, appendix A; the transaction is to be run again.
_RUN_AGAIN: Final = ("40001", "40P01")
_TRIES: Final = 5


class PostgresDatabase(Database):
    """A server, shared by any number of hosts."""

    dialect = "postgresql"

    def __init__(self, url: URL) -> None:
        address = url.set(drivername="postgresql+asyncpg")
        self._writer = _engine(address, _WRITERS)
        self._reader = _engine(address, _READERS)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """See `Database.write`."""
        for tries_left in reversed(range(_TRIES)):
            try:
                return await _run(self._writer, work)
            except DBAPIError as error:
                if not tries_left or _sqlstate(error) not in _RUN_AGAIN:
                    raise
        raise AssertionError("unreachable")

    async def read(self, work: Callable[[Connection], T]) -> T:
        """See `Database.read`."""
        return await _run(self._reader, work)

    async def close(self) -> None:
        """See `Database.close`."""
        await asyncio.gather(self._writer.dispose(), self._reader.dispose())


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
    except (OperationalError, InterfaceError, OSError, TimeoutError) as error:
        raise DatabaseAway(f"The database cannot be used: {error}") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseAway(f"The database cannot be used: {error.orig}") from error
        raise


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
