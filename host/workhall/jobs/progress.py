"""Progress of one attempt: never falling, coalesced above 20 reports a second, never across a change of stage."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from typing import Any, Final

from workhall.jobs.attempt import Attempt
from workhall.jobs.ids import now_ms
from workhall.jobs.messages import JobWrite
from workhall.jobs.outcome import clean
from workhall.sdk import JobCancelled

__all__ = ["Progress"]

_PER_S: Final = 20  # reports of one job that are sent in any second; those above are coalesced
_TOP_LEVEL: Final[tuple[str, ...]] = ("step", "toolName", "logoIndex")
_SPELLINGS: Final = {"tool_name": "toolName", "logo_index": "logoIndex"}


class Progress:
    """Turns a handler's reports into events and the row's columns."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._percent = 0
        self._stage = "processing"
        self._sent: deque[float] = deque(maxlen=_PER_S)
        self._held: JobWrite | None = None
        self._timer: asyncio.Task[None] | None = None

    @property
    def percent(self) -> int:
        """The last percentage reported."""
        return self._percent

    async def report(self, percent: float, message: str, stage: str | None, data: dict[str, Any]) -> None:
        """See `JobContext.progress`."""
        if not 0 <= percent <= 100:
            raise ValueError(f"progress takes a percentage of 0 to 100, not {percent!r}")
        last_stage, self._stage = self._stage, clean(stage or self._stage)
        self._percent = max(self._percent, round(percent))
        write = self._write(clean(message), data)
        if self._stage != last_stage:
            await self._send(self._after_held(write))  # one write: nothing can come in between and overtake
        elif self._may_send():
            self._held = None
            await self._send(write)
        else:
            self._hold(write)

    async def flush(self) -> None:
        """Send the report that was held back, if any."""
        if (held := self.take_held()) is not None:
            await self._send(held)

    def take_held(self) -> JobWrite | None:
        """Return the report that was held back, if any; whoever takes it writes it."""
        held, self._held = self._held, None
        return held

    def close(self) -> None:
        """Send nothing more of our own accord: the attempt has ended."""
        if self._timer is not None:
            self._timer.cancel()

    def _after_held(self, write: JobWrite) -> JobWrite:
        held = self.take_held()
        if held is None:
            return write
        held.add(write)
        return held

    def _hold(self, write: JobWrite) -> None:
        self._held = write
        if self._timer is None or self._timer.done():
            self._timer = asyncio.create_task(self._send_later(), name="held-progress")

    async def _send_later(self) -> None:
        await asyncio.sleep(max(0.0, self._due_in_s()))
        with suppress(JobCancelled):  # the handler is told at its next report
            await self.flush()

    async def _send(self, write: JobWrite) -> None:
        self._sent.append(time.monotonic())
        await self._attempt.write(write)

    def _may_send(self) -> bool:
        return len(self._sent) < _PER_S or self._due_in_s() <= 0

    def _due_in_s(self) -> float:
        return self._sent[0] + 1 - time.monotonic()

    def _write(self, message: str, data: dict[str, Any]) -> JobWrite:
        spelled = {_SPELLINGS.get(name, name): value for name, value in data.items()}
        top: dict[str, Any] = {name: spelled.pop(name) for name in _TOP_LEVEL if name in spelled}
        fields: dict[str, Any] = {"status": self._stage, "progress": self._percent, "message": message, **top}
        if spelled:
            fields["data"] = spelled
        write = self._attempt.new_write()
        write.events.append(self._attempt.events.make("job:progress", now_ms(), **fields))
        write.stage, write.progress, write.message = self._stage, self._percent, message
        return write
