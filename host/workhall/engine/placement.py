"""Placement of queues: those that killed or blocked their process once have worker processes of their own.

The rows of ``queues`` decide; a token on a worker's wake list is only a hint that they have changed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from workhall.jobs.store.database import Database, DatabaseAway
from workhall.jobs.store.queues import read_isolated

__all__ = ["PlacementWatch"]

_BEAT_S: Final = 10.0
_log = logging.getLogger("workhall.engine")


class PlacementWatch:
    """Makes a shared worker leave the queues that are isolated while it runs."""

    def __init__(self, database: Database, leave: Callable[[str], None]) -> None:
        self._database = database
        self._leave = leave

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            await asyncio.sleep(_BEAT_S)
            try:
                for queue in await self._database.read(read_isolated):
                    self._leave(queue)
            except DatabaseAway as error:
                _log.debug("The placement of queues is not read: %s", error)
