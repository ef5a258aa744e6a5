"""`HostWorker`: the `saq.Worker` of one processor in one worker process.

SAQ's start, hooks, worker info and stop are its own; what is ours is where jobs come from (the process's pump) and
what becomes of them (`workhall.jobs.execute`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from saq.worker import Worker

from workhall.engine.connections import AWAY
from workhall.engine.queue import RUN, HostQueue
from workhall.jobs.ports import ClaimedJob

__all__ = ["HostWorker"]

_BEAT_S: Final = 10
_HARD_DEADLINE_S: Final = 5.0
_log = logging.getLogger("workhall.engine")
Execute = Callable[[ClaimedJob], Awaitable[None]]


class HostWorker(Worker[Any]):
    """Runs what it is given, each job in a task; a task that is cancelled from outside hands its job back."""

    SIGNALS = []  # noqa: RUF012 - as SAQ declares it; the process has its own, and one loop holds many workers

    def __init__(
        self,
        queue: HostQueue,
        execute: Execute,
        *,
        concurrency: int,
        worker_id: str,
        grace_s: float,
        ended: Callable[[str], None],
    ) -> None:
        super().__init__(
            queue,
            [(RUN, execute)],
            id=worker_id,
            concurrency=concurrency,
            shutdown_grace_period_s=max(1, round(grace_s)),
            cancellation_hard_deadline_s=_HARD_DEADLINE_S,
        )
        self._execute = execute
        self._ended = ended
        self.running: set[str] = set()

    def begin(self, job: ClaimedJob) -> None:
        """Run a claimed job."""
        self.running.add(job.job_id)
        task = asyncio.create_task(self._run(job), name=job.job_id)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def upkeep(self) -> list[asyncio.Task[None]]:
        """Return the one upkeep task: what SAQ's others repair, the reconciler does."""
        return [asyncio.create_task(self._beat(), name="worker-info")]

    def _process(self, previous_task: asyncio.Task[Any] | None = None) -> None:
        """Do nothing: SAQ would start a polling task per slot, here jobs arrive by `begin`."""

    async def _run(self, job: ClaimedJob) -> None:
        try:
            await self._execute(job)
        except Exception:  # noqa: BLE001 - one job must not end the worker
            _log.exception("The end of %s could not be recorded; its lease decides.", job.job_id)
        finally:
            self.running.discard(job.job_id)
            self._ended(self.queue.name)

    async def _beat(self) -> None:
        while not self.event.is_set():
            try:
                await self.worker_info(ttl=_BEAT_S + 5)
            except AWAY:
                _log.debug("Worker info is not written: Redis is away.")
            try:
                await asyncio.wait_for(self.event.wait(), _BEAT_S)
            except TimeoutError:
                continue
