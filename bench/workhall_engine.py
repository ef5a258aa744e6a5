"""The engine alone: real Lua, leases and event publish, over a store that is a few dictionaries."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import uvloop
from workhall.engine.dispatcher import RedisDispatcher
from workhall.jobs.ids import now_ms
from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import (
    Claim,
    ClaimedJob,
    Event,
    JobLine,
    JobState,
    JobWrite,
    LoggedEvent,
    NotClaimed,
    Rescue,
    Rescued,
    Written,
)

from bench.command_line import run_subject
from bench.measure import Tally
from bench.python_subject import Enqueue
from bench.workhall_subject import QUEUE, NoopPayload, id_of, number_of, working


class NoDatabase:
    """Where the process notes its queues: nowhere."""

    async def write(self, _work: object) -> None:
        """Nothing is kept."""


class MemoryStore:
    """Makes up a row when a job is claimed: its id says when it was added."""

    def __init__(self) -> None:
        self._seqs: dict[str, int] = {}
        self.database = NoDatabase()

    async def claim(self, claims: Sequence[Claim]) -> list[ClaimedJob | NotClaimed]:
        """Start every job that was not started before."""
        return [self._claimed(claim) for claim in claims]

    async def write(self, write: JobWrite) -> Written | None:
        """Number the events."""
        events = tuple(self._logged(write.job_id, event) for event in write.events)
        if write.completed_at is not None:
            del self._seqs[write.job_id]
        return Written(events, (), cancel_requested=False)

    async def rescue(self, rescues: Sequence[Rescue]) -> list[Rescued | None]:
        """Nobody dies here."""
        return [None for _ in rescues]

    async def states(self, job_ids: Sequence[str]) -> list[JobState]:
        """No rows, no states."""
        return []

    async def live(self, after: tuple[int, str], limit: int) -> list[JobState]:
        """No rows, none live."""
        return []

    async def events(self, job_id: str, after: int = 0, limit: int = 1000) -> list[LoggedEvent]:
        """No log."""
        return []

    def _claimed(self, claim: Claim) -> ClaimedJob:
        self._seqs[claim.job_id] = 1
        event = self._logged(claim.job_id, JobEvents(claim.job_id, QUEUE, None, 1).started(claim.at_ms))
        payload = NoopPayload(sent_ns=number_of(claim.job_id) >> 40).model_dump_json()
        return ClaimedJob(
            job_id=claim.job_id,
            queue_name=QUEUE,
            claim_no=1,
            failures=0,
            attempts_allowed=3,
            timeout_s=60,
            priority=5,
            credits=0,
            payload=payload,
            user_id=None,
            brand_id=None,
            created_at=claim.at_ms,
            cancel_requested=False,
            event=event,
        )

    def _logged(self, job_id: str, event: Event) -> LoggedEvent:
        self._seqs[job_id] += 1
        return LoggedEvent(job_id, self._seqs[job_id], event.name, event.data, event.at_ms)


class Engine:
    """The engine without a database."""

    name = "workhall-engine"

    @asynccontextmanager
    async def producer(self, redis_url: str) -> AsyncIterator[Enqueue]:
        """Enqueues and announces, as a submission does after its commit; a call returns once Redis has both."""
        dispatcher = RedisDispatcher(redis_url, "bench", MemoryStore().events)
        dispatcher.start()
        numbers = itertools.count()

        async def enqueue(sent_ns: int) -> None:
            job_id = id_of(sent_ns << 40 | next(numbers))
            at = now_ms()
            event = JobEvents(job_id, QUEUE, None).queued(at)
            dispatcher.enqueue([JobLine(job_id, QUEUE, 5, 0)])
            dispatcher.publish([LoggedEvent(job_id, 1, event.name, event.data, at)])
            await dispatcher.flushed()

        yield enqueue
        await dispatcher.close()

    def worker(self, redis_url: str, concurrency: int, tally: Tally) -> AbstractAsyncContextManager[None]:
        """One worker."""
        return working(redis_url, MemoryStore(), concurrency, tally)


if __name__ == "__main__":
    run_subject(Engine(), uvloop.new_event_loop)
