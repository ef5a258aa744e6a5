"""The stream of committed events, read by one task per process over a connection of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from redis.exceptions import RedisError, ResponseError

from workhall.engine.connections import backoff_s, connect
from workhall.engine.tasks import end_tasks

__all__ = ["STREAM", "StreamEntry", "StreamId", "StreamReader"]

STREAM: Final = "socket:events"
_log = logging.getLogger("workhall.realtime")
_START: Final = (0, 0)
_BLOCK_MS: Final = 2000
_CHECK_S: Final = 2.0
_BATCH: Final = 200
_YIELD_AFTER: Final = 500  # packets queued in one go before the sockets' writers get their turn
StreamId = tuple[int, int]


class StreamEntry(NamedTuple):
    """An event as the engine announces it; ``data`` is its complete JSON object, ``brand_id`` may be empty."""

    job_id: str
    seq: int
    name: str
    brand_id: str
    user_id: str
    data: str


class _StreamState(NamedTuple):
    """What tells a stream from one that was wiped and began again."""

    last_id: StreamId
    added: int


class StreamReader:
    """Reads on from the end of the stream, over lost connections, restarts and wipes of Redis.

    Args:
        redis_url: where the stream is.
        deliver: takes an entry and returns how many packets it made of it; must not wait.
        broken: called whenever entries may have been missed: after every connection, and when the stream began anew.
    """

    def __init__(self, redis_url: str, deliver: Callable[[StreamEntry], int], broken: Callable[[], None]) -> None:
        self._redis = connect(redis_url, f"reader-{os.getpid()}")
        self._deliver, self._broken = deliver, broken
        self._last: StreamId | None = None
        self._added = 0
        self._checked = 0.0
        self._up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_up(self) -> bool:
        """Whether the stream is being read."""
        return self._up.is_set()

    @property
    def position(self) -> StreamId:
        """The id of the last entry that was read, as (epoch ms, number)."""
        return self._last or _START

    async def start(self, within_s: float = 2.0) -> None:
        """Begin to read; returns when the place in the stream is known, or after ``within_s`` seconds without Redis."""
        self._task = asyncio.create_task(self._run(), name="stream reader")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._up.wait(), within_s)

    async def close(self) -> None:
        """Stop reading and close the connection."""
        if self._task is not None:
            await end_tasks([self._task])
        await self._redis.aclose()

    async def _run(self) -> None:
        tries = 0
        while True:
            try:
                await self._check()
                self._came_up(tries)
                tries = 0
                await self._read()
            except (RedisError, OSError) as error:
                tries += 1
                self._went_away(error, tries)
                await asyncio.sleep(backoff_s(tries))

    def _came_up(self, tries: int) -> None:
        self._up.set()
        self._broken()
        if tries:
            _log.info("Live events come again.")

    def _went_away(self, error: Exception, tries: int) -> None:
        self._up.clear()
        if tries == 1:
            _log.warning("No live events: Redis cannot be read (%s); trying on.", error)

    async def _read(self) -> None:
        while True:
            entries = await self._next_entries()
            queued = 0
            for identifier, fields in entries:
                self._last = _stream_id(identifier)
                queued += self._take(fields)
                if queued > _YIELD_AFTER:
                    queued = 0
                    await asyncio.sleep(0)
            if not entries or time.monotonic() - self._checked > _CHECK_S:
                await self._check()

    async def _next_entries(self) -> list[tuple[bytes, Mapping[bytes, bytes]]]:
        last = "{}-{}".format(*self.position)
        reply: Any = await self._redis.xread({STREAM: last}, count=_BATCH, block=_BLOCK_MS)
        if isinstance(reply, dict):  # protocol 3, where the address asks for it
            return [entry for entries in reply.values() for entry in entries[0]]
        return [entry for _, entries in reply for entry in entries]

    def _take(self, fields: Mapping[bytes, bytes]) -> int:
        try:
            entry = _entry(fields)
        except (KeyError, ValueError):
            _log.warning("An entry of the stream %s is not an event; skipped.", STREAM)
            return 0
        try:
            return self._deliver(entry)
        except Exception:  # noqa: BLE001 - logged; one event must not end the stream for everybody
            _log.exception("Event %d of %s could not be delivered.", entry.seq, entry.job_id)
            return 0

    async def _check(self) -> None:
        """Find the place to read from: the end at first, the beginning where the stream was wiped meanwhile.

        A wipe (``FLUSHALL``, a new server) breaks no connection, and where clocks differ the new ids are lower.
        """
        state = await self._state()
        self._checked = time.monotonic()
        if self._last is None:
            self._last = state.last_id
        elif state.last_id < self._last or state.added < self._added:
            _log.info("The event stream began anew; reading it from its beginning.")
            self._last = _START
            self._broken()
        self._added = state.added

    async def _state(self) -> _StreamState:
        try:
            info: Any = await self._redis.xinfo_stream(STREAM)
        except ResponseError as error:
            if "no such key" in str(error):
                return _StreamState(_START, 0)
            raise
        # Redis before 7 does not count what was added.
        return _StreamState(_stream_id(info["last-generated-id"]), info.get("entries-added", self._added))


def _stream_id(text: bytes) -> StreamId:
    milliseconds, _, number = text.partition(b"-")
    return int(milliseconds), int(number)


def _entry(fields: Mapping[bytes, bytes]) -> StreamEntry:
    job_id, name, brand_id, user_id, data = (fields[key].decode() for key in (b"j", b"e", b"b", b"u", b"d"))
    return StreamEntry(job_id, int(fields[b"s"]), name, brand_id, user_id, data)
