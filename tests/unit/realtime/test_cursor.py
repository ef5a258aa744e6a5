"""A cursor against every order in which commits, announcements and reads can happen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from workhall.jobs.messages import LoggedEvent
from workhall.jobs.store import DatabaseAway
from workhall.realtime.packets import event_packet
from workhall.realtime.replay import Cursor, EventRows

JOB, DATA = "noop-1", '{"jobId":"noop-1"}'


class Log:
    """The rows of one job; reads take a turn of the loop, and some find the database away."""

    def __init__(self, away: int = 0) -> None:
        self.rows: list[LoggedEvent] = []
        self._away = away

    def commit(self) -> None:
        self.rows.append(LoggedEvent(JOB, len(self.rows) + 1, "job:progress", DATA, 0))

    async def events(self, job_id: str, after: int = 0, limit: int = 1000) -> list[LoggedEvent]:
        found = self.rows[after : after + limit]
        await asyncio.sleep(0)
        if self._away:
            self._away -= 1
            raise DatabaseAway("gone for a moment")
        return found


class Receiver:
    def __init__(self) -> None:
        self.seqs: list[int] = []

    def send(self, packet: Any) -> None:
        self.seqs.append(json.loads(packet.data.partition(",")[2])[1]["seq"])

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        await asyncio.sleep(0)
        yield


def packet(seq: int) -> Any:
    return event_packet("/wizard", "job:progress", LoggedEvent(JOB, seq, "job:progress", DATA, 0).wire)


async def settled(happened: Any) -> None:
    async with asyncio.timeout(5):
        while not happened():
            await asyncio.sleep(0.001)


# What can happen next: a commit, an announcement of any event (again, late, or never), a turn of the loop.
STEPS = st.lists(
    st.one_of(st.just("commit"), st.just("turn"), st.floats(min_value=0, max_value=1)), min_size=1, max_size=400
)


async def live_through(steps: list[Any], after: int | None, away: int) -> tuple[list[int], int, int]:
    """Returns what the receiver got, the number of rows, and the first event that it was offered."""
    log, receiver = Log(away), Receiver()
    for _ in range(after or 0):
        log.commit()
    cursor = Cursor(JOB, EventRows(log, "/wizard"), receiver, after)  # type: ignore[arg-type]
    if after is not None:
        cursor.fill()
    first = 0
    for step in steps:
        if step == "commit":
            log.commit()
        elif step == "turn":
            await asyncio.sleep(0)
        elif log.rows:
            seq = 1 + int(step * (len(log.rows) - 1))
            first = first or seq
            cursor.offer(seq, packet(seq))
    log.commit()
    first = first or len(log.rows)
    cursor.offer(len(log.rows), packet(len(log.rows)))
    await settled(lambda: receiver.seqs[-1:] == [len(log.rows)])
    return receiver.seqs, len(log.rows), first


@settings(max_examples=150, deadline=None)
@given(STEPS, st.integers(min_value=0, max_value=5), st.sampled_from([0, 0, 0, 1]))
def test_every_event_after_is_sent_once_in_order(steps: list[Any], after: int, away: int) -> None:
    seqs, total, _ = asyncio.run(live_through(steps, after, away))
    assert seqs == list(range(after + 1, total + 1))


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_without_after_it_begins_with_the_first_that_is_offered(steps: list[Any]) -> None:
    seqs, total, first = asyncio.run(live_through(steps, None, 0))
    assert seqs == list(range(first, total + 1))


async def test_a_closed_cursor_sends_nothing_more() -> None:
    log, receiver = Log(), Receiver()
    log.commit()
    cursor = Cursor(JOB, EventRows(log, "/wizard"), receiver, 0)  # type: ignore[arg-type]
    cursor.fill()
    cursor.close()
    await asyncio.sleep(0.01)
    assert receiver.seqs == []


async def test_reaching_what_was_sent_reads_nothing() -> None:
    log, receiver = Log(away=1000), Receiver()
    log.commit()
    cursor = Cursor(JOB, EventRows(log, "/wizard"), receiver)  # type: ignore[arg-type]
    cursor.reach(5)
    cursor.offer(1, packet(1))
    cursor.reach(1)
    await asyncio.sleep(0.01)
    assert receiver.seqs == [1]
