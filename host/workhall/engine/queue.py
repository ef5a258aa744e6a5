"""`HostQueue`: the `saq.Queue` of one processor, reading rows and going through our transitions.

SAQ's own consumers (its web UI, `Job.refresh`, whoever enqueues by its API) work on it. SAQ's key layout is not used,
and the transitions that only an attempt's fence may make are refused.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

import orjson
from redis.asyncio import Redis
from saq.job import Job, Status
from saq.queue.base import Queue
from saq.types import CountKind, QueueInfo, WorkerInfo
from sqlalchemy import RowMapping

from workhall.jobs.cancel import Canceller
from workhall.jobs.principal import HOST
from workhall.jobs.status import JobStatus
from workhall.jobs.store import SqlStore
from workhall.jobs.store.records import JobFilter, count_jobs, list_jobs, read_job
from workhall.jobs.submit import JobRequest, Submitter

__all__ = ["RUN", "HostQueue", "OursAlone"]

RUN: Final = "run"
_STATUS: Final = {
    JobStatus.SCHEDULED: Status.QUEUED,
    JobStatus.QUEUED: Status.QUEUED,
    JobStatus.RETRYING: Status.QUEUED,
    JobStatus.PROCESSING: Status.ACTIVE,
    JobStatus.COMPLETE: Status.COMPLETE,
    JobStatus.FAILED: Status.FAILED,
    JobStatus.CANCELLED: Status.ABORTED,
}
_WAITING: Final = (JobStatus.SCHEDULED, JobStatus.QUEUED, JobStatus.RETRYING)
_COUNTED: Final[dict[str, tuple[JobStatus, ...]]] = {
    "queued": (JobStatus.QUEUED,),
    "active": (JobStatus.PROCESSING,),
    "incomplete": (*_WAITING, JobStatus.PROCESSING),
    "scheduled": (JobStatus.SCHEDULED, JobStatus.RETRYING),
}


class OursAlone(Exception):
    """SAQ was asked for a transition that only an attempt's own fence may make."""


class HostQueue(Queue):
    """One processor's queue, as SAQ sees it."""

    def __init__(self, name: str, store: SqlStore, redis: Redis, submitter: Submitter, canceller: Canceller) -> None:
        super().__init__(name, orjson.dumps, orjson.loads)
        self._store = store
        self._redis = redis
        self._submitter = submitter
        self._canceller = canceller

    async def disconnect(self) -> None:
        """Nothing to do: store and connection belong to the process."""

    async def info(self, jobs: bool = False, offset: int = 0, limit: int = 10) -> QueueInfo:
        """Return counts, workers and, if asked, a page of jobs."""
        found = await self._rows(JobFilter(queue=self.name, limit=offset + limit)) if jobs else []
        return {
            "workers": await self._workers(),
            "name": self.name,
            "queued": await self.count("queued"),
            "active": await self.count("active"),
            "scheduled": await self._count("scheduled"),
            "jobs": [self._job(row).to_dict() for row in found[offset:]],
        }

    async def count(self, kind: CountKind) -> int:
        """Count jobs that are ``queued``, ``active`` or ``incomplete``."""
        return await self._count(kind)

    async def job(self, job_key: str) -> Job | None:
        """Return the job of that id."""
        row = await self._store.database.read(lambda connection: read_job(connection, job_key))
        return self._job(row) if row and row["queue_name"] == self.name else None

    async def jobs(self, job_keys: Iterable[str]) -> list[Job | None]:
        """Return the jobs of those ids, None for those that do not exist."""
        return [await self.job(job_key) for job_key in job_keys]

    async def iter_jobs(
        self,
        statuses: list[Status] = list(Status),  # noqa: B006 - SAQ's signature
        batch_size: int = 100,
    ) -> AsyncIterator[Job]:
        """Go through the queue's jobs of those statuses, newest first."""
        before = None
        while rows := await self._rows(JobFilter(queue=self.name, before=before, limit=batch_size)):
            for row in rows:
                if _STATUS[JobStatus(row["status"])] in statuses:
                    yield self._job(row)
            before = (rows[-1]["created_at"], rows[-1]["job_id"])

    async def abort(self, job: Job, error: str, ttl: float = 5) -> None:
        """Cancel the job: at once while it waits, at its next await while it runs."""
        await self._canceller.cancel(job.key)

    async def sweep(self, lock: int = 60, abort: float = 5.0) -> list[str]:
        """Return nothing: the reconciler repairs, by rows and leases."""
        return []

    async def dequeue(self, timeout: float = 0.0, poll_interval: float = 0.0) -> Job | None:
        """Refuse: jobs are claimed by the pump of a worker process, all queues together."""
        raise OursAlone(f"Jobs of {self.name} are claimed by `workhall worker` alone.")

    async def write_worker_info(self, worker_id: str, info: WorkerInfo, ttl: int) -> None:
        """Store what a worker says of itself, for ``ttl`` seconds."""
        await self._redis.set(f"saq:{self.name}:worker:{worker_id}", orjson.dumps(info), ex=ttl)

    async def _workers(self) -> dict[str, WorkerInfo]:
        names = [name.decode() for name in await self._redis.zrange("saq:leases", 0, -1)]
        texts = await self._redis.mget([f"saq:{self.name}:worker:{name}" for name in names]) if names else []
        return {name: orjson.loads(text) for name, text in zip(names, texts, strict=True) if text}

    async def _count(self, kind: str) -> int:
        wanted = _COUNTED[kind]
        return await self._store.database.read(lambda connection: count_jobs(connection, self.name, wanted))

    async def _rows(self, wanted: JobFilter) -> list[RowMapping]:
        return await self._store.database.read(lambda connection: list_jobs(connection, wanted))

    async def _enqueue(self, job: Job) -> Job | None:
        delay_s = max(0.0, job.scheduled - time.time()) if job.scheduled else 0
        request = JobRequest(self.name, (job.kwargs or {}).get("payload", {}), delay_s)
        (accepted,) = await self._submitter.submit(HOST, [request])
        job.key = accepted.job_id
        return job

    async def _update(self, job: Job, status: Status | None = None, **kwargs: Any) -> None:
        raise OursAlone("A running job's row is written by its own attempt.")

    async def _retry(self, job: Job, error: str | None) -> None:
        raise OursAlone("Retry a job by the REST API: it makes a new, linked job.")

    async def _finish(self, job: Job, status: Status, *, result: Any = None, error: str | None = None) -> None:
        raise OursAlone("A job is finished by its own attempt.")

    def _job(self, row: RowMapping) -> Job:
        return Job(
            function=RUN,
            kwargs={"payload": orjson.loads(row["payload"] or "null")},
            queue=self,
            key=row["job_id"],
            timeout=int(row["timeout_s"]),
            retries=row["attempts_allowed"],
            scheduled=row["run_at"] // 1000 if row["status"] in _COUNTED["scheduled"] else 0,
            progress=row["progress"] / 100,
            attempts=row["claim_no"],
            completed=row["completed_at"] or 0,
            queued=row["created_at"],
            started=row["started_at"] or 0,
            touched=row["started_at"] or row["created_at"],
            result=orjson.loads(row["result"] or "null"),
            error=row["error"],
            status=_STATUS[JobStatus(row["status"])],
            priority=row["priority"],
        )
