"""Which workers live, which jobs Redis knows, and how far their events were published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from redis.asyncio import Redis

from workhall.jobs.messages import JobLine, JobState

__all__ = ["RollCall", "call_roll", "held_by"]


@dataclass(frozen=True, slots=True)
class RollCall:
    """What Redis said; ``certain`` are those of the dead whose lease was ended, and did not merely run out."""

    living: frozenset[str]
    dead: tuple[str, ...]
    certain: frozenset[str]
    known: frozenset[str]
    seqs: Mapping[str, int]

    def published(self, state: JobState) -> int:
        """Return the last published seq of a job; 0 where Redis knows of none."""
        return self.seqs.get(state.line.job_id, 0)


async def call_roll(redis: Redis, lines: Iterable[JobLine]) -> RollCall:
    """Ask about ``lines`` (queues before claims, so that a job on its way from one to the other is seen)."""
    wanted = list(lines)
    in_queues, seqs = await _waiting(redis, wanted), await _published(redis, wanted)
    seconds, micros = await redis.time()
    now = seconds * 1000 + micros // 1000
    leases = {name.decode(): until for name, until in await redis.zrange("saq:leases", 0, -1, withscores=True)}
    living = frozenset(name for name, until in leases.items() if until > now)
    claims = await _claims(redis, living) if wanted else []
    certain = frozenset(name for name, until in leases.items() if not until)
    return RollCall(living, tuple(sorted(set(leases) - living)), certain, frozenset(in_queues.union(*claims)), seqs)


async def held_by(redis: Redis, worker: str) -> set[str]:
    """Return the jobs that Redis thinks ``worker`` has."""
    (held,) = await _claims(redis, [worker])
    return held


async def _waiting(redis: Redis, lines: list[JobLine]) -> set[str]:
    pipeline = redis.pipeline(transaction=False)
    for line in lines:
        pipeline.zscore(f"saq:{line.queue_name}:ready", line.job_id)
        pipeline.zscore(f"saq:{line.queue_name}:delayed", line.job_id)
    scores = await pipeline.execute() if lines else []
    return {
        line.job_id
        for line, ready, delayed in zip(lines, scores[::2], scores[1::2], strict=True)
        if ready is not None or delayed is not None
    }


async def _published(redis: Redis, lines: list[JobLine]) -> dict[str, int]:
    values = await redis.mget([f"saq:seq:{line.job_id}" for line in lines]) if lines else []
    return {line.job_id: int(value) for line, value in zip(lines, values, strict=True) if value}


async def _claims(redis: Redis, workers: Iterable[str]) -> list[set[str]]:
    pipeline = redis.pipeline(transaction=False)
    for worker in workers:
        pipeline.smembers(f"saq:claims:{worker}")
    return [{job_id.decode() for job_id in held} for held in await pipeline.execute()]
