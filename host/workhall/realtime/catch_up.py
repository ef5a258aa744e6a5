"""After every break of the stream: who follows a job is brought up to what its row says."""

from __future__ import annotations

import asyncio
import logging
from itertools import islice
from typing import Final

from workhall.engine.connections import backoff_s
from workhall.engine.tasks import end_tasks
from workhall.jobs.ports import Store
from workhall.jobs.store import DatabaseAway
from workhall.realtime.fanout import Fanout

__all__ = ["CatchUp"]

_log = logging.getLogger("workhall.realtime")
_BATCH: Final = 500


class CatchUp:
    """Compares the jobs that are followed with their rows, in the background, whenever it is asked to.

    An event that is lost with nothing after it leaves no hole to be seen, so holes alone are not enough.
    """

    def __init__(self, store: Store, fanout: Fanout) -> None:
        self._store, self._fanout = store, fanout
        self._asked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to wait for requests."""
        self._task = asyncio.create_task(self._run(), name="catch up")

    def ask(self) -> None:
        """Compare soon."""
        self._asked.set()

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            await end_tasks([self._task])

    async def _run(self) -> None:
        tries = 0
        while True:
            await self._asked.wait()
            self._asked.clear()
            try:
                await self._compare()
                tries = 0
            except DatabaseAway:
                tries += 1
                self._asked.set()
                await asyncio.sleep(backoff_s(tries))
            except Exception:  # noqa: BLE001 - logged; the next request compares again
                _log.exception("The followed jobs could not be compared with their rows.")

    async def _compare(self) -> None:
        jobs = iter(self._fanout.jobs())
        while batch := list(islice(jobs, _BATCH)):
            for state in await self._store.states(batch):
                self._fanout.reach(state.line.job_id, state.last_seq)
