"""The `Dispatcher` of processes that submit jobs and run none."""

from __future__ import annotations

from workhall.engine.connections import connect
from workhall.engine.pump import Pump, ReadEvents

__all__ = ["RedisDispatcher"]


class RedisDispatcher(Pump):
    """A pump with a connection of its own and no claims."""

    def __init__(self, url: str, name: str, read_events: ReadEvents) -> None:
        self._connection = connect(url, name)
        super().__init__(self._connection, read_events)

    async def close(self, flush_s: float = 2.0) -> None:
        """Send what is waiting and close the connection."""
        await super().close(flush_s)
        await self._connection.aclose()
