"""Makes good what a lost hint would cost: the rows of jobs that run a while say whether they were cancelled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from workhall.jobs.ports import Store
from workhall.jobs.store.database import DatabaseAway

__all__ = ["CancelWatch"]

_BEAT_S: Final = 1.0
_log = logging.getLogger("workhall.engine")


class CancelWatch:
    """Reads the rows of the jobs that were running at two beats in a row."""

    def __init__(self, store: Store, running: Callable[[], set[str]], cancel: Callable[[str], None]) -> None:
        self._store = store
        self._running = running
        self._cancel = cancel

    async def run(self) -> None:
        """Watch for ever."""
        before: set[str] = set()
        while True:
            await asyncio.sleep(_BEAT_S)
            now = self._running()
            try:
                await self._look(sorted(now & before))
            except DatabaseAway as error:
                _log.debug("Cancelled rows are not read: %s", error)
            before = now

    async def _look(self, job_ids: list[str]) -> None:
        for state in await self._store.states(job_ids) if job_ids else []:
            if state.cancel_requested:
                self._cancel(state.line.job_id)
