"""Jobs and their events, written and announced as a worker does it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from redis.asyncio import Redis
from workhall.jobs.ids import job_id, now_ms, uuid7
from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import AttemptEnd, Claim, ClaimedJob, JobWrite, LoggedEvent, NewJob, Submission
from workhall.jobs.status import AttemptStatus, JobStatus
from workhall.jobs.store import SqlStore
from workhall.jobs.store.brands import create_brand


@dataclass
class RunningJob:
    """A claimed job with two events: queued and started."""

    job_id: str
    claim_no: int
    brand_id: str | None

    def event(self, percent: int) -> JobWrite:
        events = JobEvents(self.job_id, "noop", self.brand_id, self.claim_no)
        event = events.make("job:progress", now_ms(), status="working", progress=percent, message='"quoted"\nline')
        return JobWrite(self.job_id, self.claim_no, [event], progress=percent, stage="working")


class JobLog:
    """Writes rows through the store and announces them on the stream."""

    def __init__(self, store: SqlStore, redis_url: str) -> None:
        self.store = store
        self.redis = Redis.from_url(redis_url)

    async def brand(self, user_id: str) -> str:
        brand = await self.store.database.write(lambda c: create_brand(c, user_id, "Acme", {}))
        return brand.id

    async def job(self, user_id: str, brand_id: str | None = None) -> RunningJob:
        """A running job; its first two events are announced."""
        identifier, at = job_id("noop"), now_ms()
        event = JobEvents(identifier, "noop", brand_id).queued(at)
        new = NewJob(
            job_id=identifier, queue_name="noop", job_type="noop", payload="{}", user_id=user_id, brand_id=brand_id,
            priority=5, attempts_allowed=3, timeout_s=60, credits=0, plugin_version="1", schema_hash="0" * 16,
            run_at=at, created_at=at, event=event,
        )  # fmt: skip
        submitted = await self.store.submit(Submission([new]))
        (claim,) = await self.store.claim([Claim(identifier, "worker", at)])
        assert isinstance(claim, ClaimedJob)
        await self.announce([*submitted.events, claim.event])
        return RunningJob(identifier, claim.claim_no, brand_id)

    async def commit(self, job: RunningJob, count: int = 1) -> list[LoggedEvent]:
        """Write events of progress; they are not announced."""
        written = [await self.store.write(job.event(percent % 100)) for percent in range(count)]
        return [event for write in written if write is not None for event in write.events]

    async def finish(self, job: RunningJob, result: str = '{"answer":42}') -> list[LoggedEvent]:
        """Complete the job; the event is not announced."""
        at = now_ms()
        event = JobEvents(job.job_id, "noop", job.brand_id, job.claim_no).complete(at, message="Done", result=None)
        written = await self.store.write(
            JobWrite(
                job.job_id,
                job.claim_no,
                [event],
                status=JobStatus.COMPLETE,
                completed_at=at,
                credits_settled=0,
                progress=100,
                message="Done",
                result=result,
                attempt=AttemptEnd(AttemptStatus.COMPLETE, None, at),
            )
        )
        assert written is not None
        return list(written.events)

    async def announce(self, events: Iterable[LoggedEvent], *, first_id: int | None = None) -> None:
        """Append to the stream, as the engine does; with ``first_id`` under ids of our own, counting up."""
        async with self.redis.pipeline(transaction=False) as pipe:
            for number, event in enumerate(events, first_id or 0):
                fields = {
                    "j": event.job_id, "s": event.seq, "e": event.name, "b": event.brand_id or "",
                    "u": event.user_id or "", "d": event.wire,
                }  # fmt: skip
                pipe.xadd("socket:events", fields, id=f"{number}-1" if first_id is not None else "*")
            await pipe.execute()

    async def happen(self, job: RunningJob, count: int = 1) -> None:
        """Commit and announce, one after the other."""
        for _ in range(count):
            await self.announce(await self.commit(job))

    async def keep_happening(self, job: RunningJob, count: int, pause_s: float = 0.002) -> None:
        """Commit and announce as a busy worker does, others getting their turn in between."""
        for _ in range(count):
            await self.happen(job)
            await asyncio.sleep(pause_s)

    async def close(self) -> None:
        await self.redis.aclose()


def new_user() -> str:
    return str(uuid7())
