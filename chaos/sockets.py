"""Events as socket clients see them: followed live through all faults, and read again at the end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from workhall.client.errors import ApiError
from workhall.client.feed import Inbox, job_feed

__all__ = ["SocketLog"]

_AGAIN_S: Final = 0.3
# An open connection that hears nothing for so long is given up, and joined anew by another.
_SILENCE_S: Final = 15.0
_REPLAYED_S: Final = 0.5
_WITHIN_S: Final = 10.0
_AT_ONCE: Final = 8


class SocketLog:
    """Notes what no client may see: a ``seq`` that is missing or comes twice.

    Attributes:
        faults: what was seen, by job.
        late: jobs of which an open connection heard nothing, and a new one heard at once.
        followed: jobs that were followed to their end.
        read: ended jobs that were read again.
        joins: connections that followers needed.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.faults: dict[str, str] = {}
        self.late: set[str] = set()
        self.followed = self.read = self.joins = 0

    async def follow(self, job_id: str, token: str) -> None:
        """Follow a job to its last event, over as many connections as it takes."""
        last, silent = 0, False
        while True:
            try:
                async with job_feed(self.url, token, job_id, last) as inbox:
                    self.joins += 1
                    if silent and await _has_some(inbox):
                        self.late.add(job_id)
                    last, how = await self._listen(job_id, inbox, last)
            except ApiError:
                how = "cut"
            if how == "over":
                self.followed += 1
                return
            silent = how == "silent"
            await asyncio.sleep(_AGAIN_S)

    async def read_again(self, last_seqs: Mapping[str, int], tokens: Mapping[str, str], seed: int) -> None:
        """Join ended jobs, each after a ``seq`` of chance, and expect all that follow."""
        chance = random.Random(f"sockets {seed}")
        after = {job_id: chance.randrange(last_seq) for job_id, last_seq in last_seqs.items()}
        waiting = list(after)
        await asyncio.gather(*(self._read_some(waiting, after, last_seqs, tokens) for _ in range(_AT_ONCE)))

    async def _read_some(
        self, waiting: list[str], after: Mapping[str, int], last_seqs: Mapping[str, int], tokens: Mapping[str, str]
    ) -> None:
        while waiting:
            job_id = waiting.pop()
            try:
                async with job_feed(self.url, tokens[job_id], job_id, after[job_id]) as inbox:
                    seqs = await _rest(inbox, last_seqs[job_id])
            except ApiError as error:
                self.faults.setdefault(job_id, f"could not be joined: {error}")
                continue
            wanted = list(range(after[job_id] + 1, last_seqs[job_id] + 1))
            if seqs != wanted:
                self.faults[job_id] = f"joined after {after[job_id]} and saw {seqs} instead of {wanted}"
            self.read += 1

    async def _listen(self, job_id: str, inbox: Inbox, last: int) -> tuple[int, Literal["over", "silent", "cut"]]:
        """Take events until the last one or the connection's end; returns the last ``seq`` and which."""
        while True:
            try:
                event = await asyncio.wait_for(inbox.get(), _SILENCE_S)
            except TimeoutError:
                return last, "silent"
            if event is None:
                return last, "cut"
            if event.seq != last + 1:
                self._note(job_id, last, event.seq)
            last = max(last, event.seq)
            if event.terminal:
                return last, "over"

    def _note(self, job_id: str, last: int, seq: int) -> None:
        self.faults.setdefault(job_id, f"event {seq} came after event {last}")


async def _has_some(inbox: Inbox) -> bool:
    await asyncio.sleep(_REPLAYED_S)
    return not inbox.empty()


async def _rest(inbox: Inbox, last_seq: int) -> Sequence[int]:
    """The ``seq`` of what arrives up to the last event, and of whatever arrived with it."""
    seqs: list[int] = []
    try:
        async with asyncio.timeout(_WITHIN_S):
            while not seqs or seqs[-1] < last_seq:
                event = await inbox.get()
                if event is None:
                    break
                seqs.append(event.seq)
    except TimeoutError:
        pass
    while not inbox.empty():
        if late := inbox.get_nowait():
            seqs.append(late.seq)
    return seqs
