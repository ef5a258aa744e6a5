"""From an entry of the stream to every socket that is to have it, each once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final

from workhall.realtime.connection import Connection
from workhall.realtime.packets import event_packet
from workhall.realtime.reader import StreamEntry
from workhall.realtime.replay import Cursor, EventRows
from workhall.realtime.rooms import Rooms, brand_room, job_room

__all__ = ["Fanout"]

_MOST_FEEDS: Final = 10_000
_FEW_WAITING: Final = 100
_PACE_S: Final = 0.02
_PATIENCE: Final = 50  # paces that a shared replay waits for its slowest listener


class Fanout:
    """Delivers the events of one namespace to the sockets of this process.

    A socket that joined a job with ``after`` has a cursor of its own; all others in the rooms of a job and its brand
    share one, the job's *feed*, which begins with the first event that it is offered.
    """

    def __init__(self, namespace: str, rooms: Rooms, rows: EventRows) -> None:
        self._namespace, self._rooms, self._rows = namespace, rooms, rows
        self._feeds: OrderedDict[str, Cursor] = OrderedDict()

    def deliver(self, entry: StreamEntry) -> int:
        """Queue the event for every socket that is to have it; returns how many those are at most."""
        in_job = self._rooms.members(job_room(entry.job_id))
        in_brand = self._rooms.members(brand_room(entry.brand_id))
        if not in_job and not in_brand:
            self._drop_feed(entry.job_id)
            return 0
        packet = event_packet(self._namespace, entry.name, entry.data)
        has_listeners = bool(in_brand)
        for connection in in_job:
            cursor = connection.cursors.get(entry.job_id)
            if cursor is None:
                has_listeners = True
            else:
                cursor.offer(entry.seq, packet)
        if has_listeners:
            self._feed(entry).offer(entry.seq, packet)
        return len(in_job) + len(in_brand)

    def jobs(self) -> set[str]:
        """Return the ids of the jobs that somebody here follows."""
        return {*self._rooms.jobs(), *self._feeds}

    def reach(self, job_id: str, last_seq: int) -> None:
        """Note that the job has events up to ``last_seq``: who lacks some gets them from the rows."""
        for connection in self._rooms.members(job_room(job_id)):
            if (cursor := connection.cursors.get(job_id)) is not None:
                cursor.reach(last_seq)
        if (feed := self._feeds.get(job_id)) is not None:
            feed.reach(last_seq)

    def close(self) -> None:
        """Stop every shared replay."""
        for job_id in list(self._feeds):
            self._drop_feed(job_id)

    def _feed(self, entry: StreamEntry) -> Cursor:
        feed = self._feeds.get(entry.job_id)
        if feed is None:
            listeners = _Listeners(self._rooms, entry.job_id, entry.brand_id)
            feed = self._feeds[entry.job_id] = Cursor(entry.job_id, self._rows, listeners)
            if len(self._feeds) > _MOST_FEEDS:
                self._drop_feed(next(iter(self._feeds)))
        self._feeds.move_to_end(entry.job_id)
        return feed

    def _drop_feed(self, job_id: str) -> None:
        if (feed := self._feeds.pop(job_id, None)) is not None:
            feed.close()


class _Listeners:
    """Everybody in the rooms of a job and its brand who has no cursor for the job."""

    def __init__(self, rooms: Rooms, job_id: str, brand_id: str) -> None:
        self._rooms, self._job_id = rooms, job_id
        self._job_room, self._brand_room = job_room(job_id), brand_room(brand_id)

    def __iter__(self) -> Iterator[Connection]:
        in_job = self._rooms.members(self._job_room)
        for connection in in_job:
            if self._job_id not in connection.cursors:
                yield connection
        for connection in self._rooms.members(self._brand_room):
            if connection not in in_job:
                yield connection

    def send(self, packet: Any) -> None:
        """See `Receiver.send`."""
        for connection in self:
            connection.send(packet)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until all have taken most of what they were sent, but not for ever for a slow one."""
        for _ in range(_PATIENCE):
            if all(connection.waiting < _FEW_WAITING for connection in self):
                break
            await asyncio.sleep(_PACE_S)
        yield
