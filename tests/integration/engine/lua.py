"""The operations of ``host/workhall/engine/lua``, run as the pump sends them."""

from __future__ import annotations

from typing import NamedTuple

from redis import Redis
from workhall.engine.scripts import sync_script

Operation = tuple[str | int, ...]


class Claimed(NamedTuple):
    """What the operation ``claim`` answers."""

    epoch: str
    job_ids: list[str]
    due_ms: int


class Lua:
    """A server, its operations and its clock."""

    def __init__(self, redis: Redis, url: str) -> None:
        self.redis, self.url = redis, url

    def run(self, *operations: Operation) -> tuple[dict[str, int], Claimed | None]:
        """Run the operations in one script; returns the gaps and what was claimed."""
        arguments = [argument for operation in operations for argument in operation]
        gaps, claimed = self.redis.eval(sync_script(), 0, *arguments)
        return {job_id.decode(): last for job_id, last in gaps}, _claimed(claimed)

    def claim(self, worker: str, **wanted: int) -> Claimed:
        pairs = [argument for pair in wanted.items() for argument in pair]
        _, claimed = self.run(("claim", worker, len(wanted), *pairs))
        assert claimed is not None
        return claimed

    def enqueue(self, *job_ids: str, queue: str = "q", priority: int = 5) -> None:
        self.run(*(("enqueue", job_id, queue, priority) for job_id in job_ids))

    def schedule(self, job_id: str, run_at: int, *, queue: str = "q", priority: int = 5) -> None:
        self.run(("schedule", job_id, queue, priority, run_at))

    def live(self, *workers: str, for_ms: int = 60_000) -> None:
        """Give each worker a lease; a negative time gives one that has run out."""
        self.redis.zadd("saq:leases", {worker: self.now_ms() + for_ms for worker in workers})

    def now_ms(self) -> int:
        seconds, micros = self.redis.time()
        return seconds * 1000 + micros // 1000

    def ready(self, queue: str = "q") -> list[str]:
        """The queue's jobs in the order in which they will be claimed."""
        return [job_id.decode() for job_id in self.redis.zrange(f"saq:{queue}:ready", 0, -1)]

    def delayed(self, queue: str = "q") -> list[str]:
        return [job_id.decode() for job_id in self.redis.zrange(f"saq:{queue}:delayed", 0, -1)]

    def claims(self, worker: str) -> set[str]:
        return {job_id.decode() for job_id in self.redis.smembers(f"saq:claims:{worker}")}

    def sleepers(self, queue: str = "q") -> set[str]:
        return {worker.decode() for worker in self.redis.smembers(f"saq:{queue}:sleepers")}

    def tokens(self, worker: str) -> list[str]:
        return [queue.decode() for queue in self.redis.lrange(f"saq:wake:{worker}", 0, -1)]


def _claimed(answer: list | None) -> Claimed | None:
    if not answer:
        return None
    epoch, job_ids, due_ms = answer
    return Claimed(epoch.decode(), [job_id.decode() for job_id in job_ids], due_ms)
