"""The worker processes: shared ones, and one for each queue that killed or blocked its process once.

A placement is a name and the arguments of ``workhall worker``; whatever else shall run apart gets one of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from typing import Final

import structlog

from workhall.settings import Settings
from workhall.supervisor.keeper import Keeper, RestartWaits
from workhall.supervisor.post_mortem import PostMortem, tidy

__all__ = ["Arguments", "Died", "MakeKeeper", "Workers"]

_log = structlog.get_logger(__name__)
_LONGEST_WAIT_S: Final = 60.0  # between restarts of a queue's own worker: it may belong to a plugin that is gone
Arguments = Callable[[], tuple[str, ...]]
Died = Callable[[int, int], Awaitable[None]]
MakeKeeper = Callable[[str, Arguments, Died, RestartWaits], Keeper]


class Workers:
    """Keeps the workers of one system.

    Args:
        settings: the system's.
        redis_url: the server in use.
        make: makes the keeper of a process by its name and the arguments to start it with, asked at each start.
    """

    def __init__(self, settings: Settings, redis_url: str, make: MakeKeeper) -> None:
        self._settings, self._redis_url, self._make = settings, redis_url, make
        self._post_mortem = PostMortem(settings)
        self._shared: list[Keeper] = []
        self._own: dict[str, Keeper] = {}
        self._one_at_a_time: set[str] = set()

    def __iter__(self) -> Iterator[Keeper]:
        yield from (*self._shared, *self._own.values())

    async def start(self, count: int) -> None:
        """Start ``count`` shared workers, and return when they are ready; the isolated queues' own ones follow.

        Raises:
            StartError: a shared one does not come up.
        """
        await asyncio.to_thread(tidy, self._settings.data_dir / "flight")
        for number in range(1, count + 1):
            waits = RestartWaits()
            died = partial(self._shared_died, waits)
            self._shared.append(self._make(f"worker {number}", lambda: ("--shared",), died, waits))
        starts = [asyncio.create_task(keeper.start()) for keeper in self._shared]
        try:
            await asyncio.gather(*starts)
        finally:
            for start in starts:
                start.cancel()
            await asyncio.gather(*starts, return_exceptions=True)
        if count:
            self._isolate(await self._isolated())

    def _isolate(self, queues: Iterable[str]) -> None:
        for queue in sorted(set(queues) - self._own.keys()):
            waits = RestartWaits(longest_s=_LONGEST_WAIT_S)
            arguments = partial(self._arguments, queue)
            self._own[queue] = self._make(f"worker {queue}", arguments, partial(self._own_died, queue), waits)
            self._own[queue].start_soon()

    def _arguments(self, queue: str) -> tuple[str, ...]:
        careful = ("--concurrency", "1") if queue in self._one_at_a_time else ()
        return ("--queue", queue, *careful)

    async def _shared_died(self, waits: RestartWaits, pid: int, code: int) -> None:
        finding = await self._post_mortem.examine(self._redis_url, pid, code)
        if finding.isolate:
            self._isolate(finding.isolate)
            waits.forgive()  # the others need not wait for what has moved out

    async def _own_died(self, queue: str, pid: int, code: int) -> None:
        """Look into a death; where several jobs of the queue may have done it, they go one at a time for a life."""
        finding = await self._post_mortem.examine(self._redis_url, pid, code)
        self._one_at_a_time.discard(queue)
        if finding.unclear:
            self._one_at_a_time.add(queue)

    async def _isolated(self) -> list[str]:
        from workhall.jobs.store import DatabaseAway, open_database
        from workhall.jobs.store.queues import read_isolated

        database = open_database(self._settings.database)
        try:
            return await database.read(read_isolated)
        except DatabaseAway as error:
            _log.error("it is not known which queues have workers of their own", reason=str(error))
            return []
        finally:
            await database.close()
