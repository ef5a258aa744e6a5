"""Group commit: what arrives while a transaction is under way shares the next one.

Idle, an item is committed at once; under load batches form by themselves. A batch that fails is split in halves
until the offender stands alone, so that one bad row never takes its neighbours with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Connection

from workhall.jobs.store.database import Database, DatabaseAway

__all__ = ["GroupCommit"]

Item = TypeVar("Item")
Result = TypeVar("Result")
Apply = Callable[[Connection, Sequence[Any]], Sequence[Any]]
_MOST: Final = 256


class _Entry(NamedTuple):
    apply: Apply
    item: Any
    outcome: asyncio.Future[Any]


class GroupCommit:
    """Collects items; those with the same ``apply`` function are handed to it together, in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Entry] = []
        self._running: asyncio.Task[None] | None = None

    async def commit(
        self, apply: Callable[[Connection, Sequence[Item]], Sequence[Result | Exception]], item: Item
    ) -> Result:
        """Commit ``item`` and return its result; an exception among the results is raised to its own caller.

        Raises:
            DatabaseAway: the database cannot be reached.
        """
        outcome: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Entry(apply, item, outcome))
        if self._running is None:
            # An empty context: the batch belongs to no job, least of all to the one that happened to come first.
            self._running = asyncio.create_task(self._drain(), name="group-commit", context=Context())
        return await outcome

    async def _drain(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                await self._commit(batch)
        finally:
            self._running = None

    async def _commit(self, batch: list[_Entry]) -> None:
        try:
            results = await self._database.write(lambda connection: _apply_all(connection, batch))
        except DatabaseAway as error:
            _fail(batch, error)
        except Exception as error:  # noqa: BLE001 - handed to the callers
            if len(batch) == 1:
                _fail(batch, error)
                return
            middle = len(batch) // 2
            await self._commit(batch[:middle])
            await self._commit(batch[middle:])
        else:
            _settle(batch, results)


def _apply_all(connection: Connection, batch: list[_Entry]) -> list[Any]:
    kinds: dict[Apply, list[int]] = {}
    for place, entry in enumerate(batch):
        kinds.setdefault(entry.apply, []).append(place)
    results: list[Any] = [None] * len(batch)
    for apply, places in kinds.items():
        for place, result in zip(places, apply(connection, [batch[place].item for place in places]), strict=True):
            results[place] = result
    return results


def _settle(batch: list[_Entry], results: list[Any]) -> None:
    for entry, result in zip(batch, results, strict=True):
        if entry.outcome.done():
            continue  # its caller was cancelled; what was committed stays
        if isinstance(result, Exception):
            entry.outcome.set_exception(result)
        else:
            entry.outcome.set_result(result)


def _fail(batch: list[_Entry], error: Exception) -> None:
    for entry in batch:
        if not entry.outcome.done():
            entry.outcome.set_exception(error)
