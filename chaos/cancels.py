"""Cancelling where the host has no route for it: the same function, beside the host."""

from __future__ import annotations

import asyncio
from typing import Final, Self

from workhall.engine.dispatcher import RedisDispatcher
from workhall.jobs.cancel import Canceller
from workhall.jobs.store import SqlStore, open_database
from workhall.jobs.store.database import DatabaseAway

__all__ = ["StoreCanceller"]

_ASK_AGAIN_S: Final = 0.3


class StoreCanceller:
    """Cancels through a database and a Redis connection of its own; use as a context manager."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        self._database = open_database(database_url)
        self._store = SqlStore(self._database)
        self._dispatcher = RedisDispatcher(redis_url, "chaos", self._store.events)
        self._canceller = Canceller(self._store, self._dispatcher)

    async def __aenter__(self) -> Self:
        self._dispatcher.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._dispatcher.close()
        await self._database.close()

    async def cancel(self, job_id: str) -> None:
        """Cancel a job, however long the database is away."""
        while True:
            try:
                await self._canceller.cancel(job_id)
            except DatabaseAway:
                await asyncio.sleep(_ASK_AGAIN_S)
            else:
                return
