"""One client in one namespace: who it is, what it is in, and the way to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from workhall.jobs.principal import Principal
from workhall.realtime.limits import Limits
from workhall.realtime.rate_limit import TokenBucket
from workhall.realtime.replay import Cursor

__all__ = ["Connection"]


class Connection:
    """A joined socket.

    Args:
        socket: its Engine.IO socket.
        principal: who connected.
        limits: what it may take.
        cut: ends the Engine.IO connection at once.
    """

    __slots__ = ("_cut", "_most_waiting", "_socket", "_turn", "bucket", "cursors", "gone", "principal", "rooms")

    def __init__(self, socket: Any, principal: Principal, limits: Limits, cut: Callable[[Any], None]) -> None:
        self.principal = principal
        self.bucket = TokenBucket(limits.request_burst, limits.requests_per_s)
        self.rooms: set[str] = set()
        self.cursors: dict[str, Cursor] = {}
        self.gone = False
        self._socket, self._cut = socket, cut
        self._most_waiting = limits.waiting_packets
        self._turn = asyncio.Lock()

    @property
    def eio_sid(self) -> str:
        """The id of the connection below."""
        eio_sid: str = self._socket.sid
        return eio_sid

    @property
    def waiting(self) -> int:
        """How many packets wait for the client to take them."""
        waiting: int = self._socket.queue.qsize()
        return waiting

    def send(self, packet: Any) -> None:
        """Queue a packet; a client that is too far behind is cut off instead.

        Straight into the queue: the library's own way costs a task for every recipient.
        """
        if self.gone or self._socket.closed:
            return
        self._socket.queue.put_nowait(packet)
        if self._socket.queue.qsize() > self._most_waiting:
            self.gone = True
            self._cut(self._socket)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until the client has taken what it was sent; one replay at a time goes on."""
        async with self._turn:
            await self._socket.queue.join()
            yield

    def follow(self, cursor: Cursor) -> None:
        """Receive a job's events through ``cursor`` from now on."""
        self.unfollow(cursor.job_id)
        self.cursors[cursor.job_id] = cursor
        cursor.fill()

    def unfollow(self, job_id: str) -> None:
        """Drop the cursor for a job, if there is one."""
        if (cursor := self.cursors.pop(job_id, None)) is not None:
            cursor.close()

    def close(self) -> None:
        """Send nothing more and stop every replay."""
        self.gone = True
        for job_id in list(self.cursors):
            self.unfollow(job_id)
