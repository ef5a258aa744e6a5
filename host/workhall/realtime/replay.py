"""Cursors: each turns what comes for one job into every event once, in order, reading what is missing from the rows."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol

from workhall.engine.connections import backoff_s
from workhall.jobs.messages import LoggedEvent
from workhall.jobs.ports import Store
from workhall.jobs.store import DatabaseAway
from workhall.realtime.packets import event_packet

__all__ = ["Cursor", "EventRows", "Receiver"]

_log = logging.getLogger("workhall.realtime")
_PAGE: Final = 100  # rows per read: small beside the packets that may wait for a client
_MOST_EARLY: Final = 256  # live events kept while rows are read; what comes beyond is read from the rows, too
_READS_AT_ONCE: Final = 2  # so that a storm of joins leaves connections for everybody else's reads


class Receiver(Protocol):
    """Where a cursor sends to."""

    def send(self, packet: Any) -> None:
        """Take the next packet; must not wait."""

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Wait until a page of rows may be sent."""


class EventRows:
    """The event log's rows as packets of one namespace."""

    def __init__(self, store: Store, namespace: str) -> None:
        self._store, self._namespace = store, namespace
        self._reads = asyncio.Semaphore(_READS_AT_ONCE)
        self._is_away = False

    async def page(self, job_id: str, after: int) -> list[tuple[int, Any]]:
        """Return the next events above ``after`` as (seq, packet); waits while the database is away."""
        tries = 0
        while (events := await self._try(job_id, after)) is None:
            tries += 1
            await asyncio.sleep(backoff_s(tries))
        return [(event.seq, event_packet(self._namespace, event.name, event.wire)) for event in events]

    async def _try(self, job_id: str, after: int) -> list[LoggedEvent] | None:
        try:
            async with self._reads:
                events = await self._store.events(job_id, after, _PAGE)
        except DatabaseAway as error:
            if not self._is_away:
                _log.warning("Events cannot be replayed: %s; trying on.", error)
            self._is_away = True
            return None
        self._is_away = False
        return events


class Cursor:
    """Where one receiver is in the events of one job.

    Args:
        job_id: the job.
        rows: the event log.
        receiver: who gets the events.
        after: the last ``seq`` that the receiver has; None lets the first event that is offered begin.
    """

    __slots__ = ("_early", "_known", "_next", "_receiver", "_rows", "_task", "job_id")

    def __init__(self, job_id: str, rows: EventRows, receiver: Receiver, after: int | None = None) -> None:
        self.job_id = job_id
        self._rows, self._receiver = rows, receiver
        self._next = 0 if after is None else after + 1  # 0: nothing was offered yet
        self._known = 0  # the highest seq that is known to exist
        self._early: dict[int, Any] = {}
        self._task: asyncio.Task[None] | None = None

    def offer(self, seq: int, packet: Any) -> None:
        """Take a live event: it is sent, dropped because it was, or kept until the hole before it is filled."""
        if not self._next:
            self._next = seq
        if seq == self._next and self._task is None:
            self._next += 1
            self._receiver.send(packet)
        elif seq >= self._next:
            if len(self._early) < _MOST_EARLY:
                self._early[seq] = packet
            self.reach(seq)

    def reach(self, seq: int) -> None:
        """Note that the job has events up to ``seq``, and read what of them is missing."""
        self._known = max(self._known, seq)
        if self._next and self._known >= self._next:
            self.fill()

    def fill(self) -> None:
        """Read on from the rows until nothing is missing."""
        if self._task is None:
            self._task = asyncio.create_task(self._fill(), name=f"replay {self.job_id}")

    def close(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()

    async def _fill(self) -> None:
        try:
            while await self._read_on():
                pass
        except Exception:  # noqa: BLE001 - logged; the next event tries again
            _log.exception("The events of %s could not be read.", self.job_id)
        finally:
            self._task = None

    async def _read_on(self) -> bool:
        """Send a page of rows and what came meanwhile; tells whether there is more to read."""
        announced = self._known
        async with self._receiver.turn():
            page = await self._rows.page(self.job_id, self._next - 1)
            for seq, packet in page:
                self._receiver.send(packet)
                self._next = seq + 1
        self._send_early()
        if len(page) == _PAGE:
            return True
        if self._next <= announced:
            self._skip(announced)
        return self._next <= self._known

    def _send_early(self) -> None:
        while (packet := self._early.pop(self._next, None)) is not None:
            self._receiver.send(packet)
            self._next += 1
        for seq in [seq for seq in self._early if seq < self._next]:
            del self._early[seq]

    def _skip(self, announced: int) -> None:
        """Go on behind a hole: a row is committed before its event is announced, so these rows are kept no more."""
        missing, self._next = self._next, min([*self._early, announced + 1])
        _log.info("%s: events %d to %d are not in the log any more.", self.job_id, missing, self._next - 1)
        self._send_early()
