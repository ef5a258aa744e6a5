"""`HostWorker`: the `saq.Worker` of one processor in one worker process.

SAQ's start, hooks, worker info and stop are its own; what is ours is where jobs come from (the process's pump) and
what becomes of them (`workhall.jobs.execute`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from saq.worker import Worker

from workhall.engine.connections import FAULTS
from workhall.engine.flight_recorder import FlightRecorder
from workhall.engine.queue import RUN, HostQueue
from workhall.jobs.messages import ClaimedJob

__all__ = ["HostWorker"]

_BEAT_S: Final = 10
_HARD_DEADLINE_S: Final = 3.0  # for a cancelled job to record that it is handed back
_log = logging.getLogger("workhall.engine")
Execute = Callable[[ClaimedJob], Awaitable[None]]


class HostWorker(Worker[Any]):
    """Runs what it is given, each job in a task; a task that is cancelled from outside hands its job back."""

    SIGNALS = []  # noqa: RUF012 - as SAQ declares it; the process has its own, and one loop holds many workers

    def __init__(
        self,
        queue: HostQueue,
        execute: Execute,
        recorder: FlightRecorder,
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
        )
        self._execute = execute
        self._recorder = recorder
        self._ended = ended
        self._grace_s = grace_s
        self._running: set[tuple[str, int]] = set()
        self.started = asyncio.Event()

    @property
    def running(self) -> set[str]:
        """The ids of the jobs that run now."""
        return {job_id for job_id, _ in self._running}

    def begin(self, job: ClaimedJob) -> None:
        """Run a claimed job."""
        self._running.add((job.job_id, job.claim_no))
        task = asyncio.create_task(self._run(job), name=job.job_id, context=self._recorder.begin(job))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def stop(self) -> None:
        """Let jobs finish up to the grace time, then cancel them, so that they hand themselves back.

        SAQ's own waits without end for a job that swallows its cancellation; here it is left behind, still claimed,
        and rescued when this worker's lease is gone.
        """
        self.event.set()
        late = await _wait(self.tasks, self._grace_s)
        for task in late:
            task.cancel()
        for task in await _wait(late, _HARD_DEADLINE_S):
            _log.warning("%s does not end although it was cancelled; it is left to another worker.", task.get_name())
        self.pool.shutdown(wait=False, cancel_futures=True)

    async def upkeep(self) -> list[asyncio.Task[None]]:
        """Return the one upkeep task: what SAQ's others repair, the reconciler does."""
        self.started.set()
        return [asyncio.create_task(self._beat(), name="worker-info")]

    def _process(self, previous_task: asyncio.Task[Any] | None = None) -> None:
        """Do nothing: SAQ would start a polling task per slot, here jobs arrive by `begin`."""

    async def _run(self, job: ClaimedJob) -> None:
        try:
            await self._execute(job)
        except Exception:  # noqa: BLE001 - one job must not end the worker
            _log.exception("The end of %s could not be recorded; its lease decides.", job.job_id)
        finally:
            self._running.discard((job.job_id, job.claim_no))
            self._recorder.end(job)
            self._ended(self.queue.name)

    async def _beat(self) -> None:
        while not self.event.is_set():
            try:
                await self.worker_info(ttl=_BEAT_S + 5)
            except FAULTS as error:
                _log.debug("Worker info is not written: %s", error)
            try:
                await asyncio.wait_for(self.event.wait(), _BEAT_S)
            except TimeoutError:
                continue


async def _wait(tasks: Iterable[asyncio.Task[Any]], for_s: float) -> set[asyncio.Task[Any]]:
    """Wait for tasks for at most ``for_s`` seconds; returns those that are not done."""
    waiting = set(tasks)
    return (await asyncio.wait(waiting, timeout=for_s))[1] if waiting else waiting
