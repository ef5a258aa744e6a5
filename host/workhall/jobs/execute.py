"""Execute: one attempt from claim to committed end, as a pipeline of named steps over one state object."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from workhall.jobs.attempt import Attempt, ClaimLost
from workhall.jobs.context import HostJobContext
from workhall.jobs.ending import ending_of
from workhall.jobs.interrupt import interruptible
from workhall.jobs.messages import ClaimedJob, JobLine
from workhall.jobs.outcome import Cancelled, Completed, Failed, HandedBack, Outcome, Retrying, Snoozed, fault_of, judge
from workhall.jobs.payloads import first_problem
from workhall.jobs.ports import Dispatcher, Store
from workhall.jobs.results import checked_result
from workhall.jobs.services import HostServices
from workhall.jobs.store.database import Database
from workhall.plugins.registry import RegisteredProcessor, Registry
from workhall.sdk import PermanentError, Processor
from workhall.sdk.outcomes import JobOutcome
from workhall.sdk.services import Http, Storage

__all__ = ["Executor", "Installed"]

_log = logging.getLogger("workhall.jobs")
_RUNS_AGAIN: Final = (Retrying, Snoozed, HandedBack)
Handler = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Installed:
    """A processor that this worker process can run: with its handler imported and its settings read."""

    registered: RegisteredProcessor
    handler: Handler
    settings: Any


@dataclass(slots=True)
class _Execution:
    """The state that the steps pass on."""

    attempt: Attempt
    installed: Installed
    context: HostJobContext | None = None
    outcome: Outcome | None = None

    @property
    def job(self) -> ClaimedJob:
        return self.attempt.job

    @property
    def processor(self) -> Processor:
        return self.installed.registered.processor


class Executor:
    """Runs claimed jobs; safe to share between all workers of a process."""

    def __init__(
        self,
        registry: Registry,
        installed: Mapping[str, Installed],
        store: Store,
        dispatcher: Dispatcher,
        database: Database,
        storage: Storage,
        http: Http,
    ) -> None:
        self._registry = registry
        self._installed = installed
        self._store = store
        self._dispatcher = dispatcher
        self._database = database
        self._storage = storage
        self._http = http
        self._in_handler: dict[Attempt, asyncio.Task[Any]] = {}

    def running(self) -> set[str]:
        """Return the jobs whose handlers run and have not been told that they were cancelled."""
        return {attempt.job.job_id for attempt in self._in_handler}

    def cancel(self, job_id: str) -> None:
        """End a job that was cancelled at its handler's next await; one that is past its handler ends by itself.

        A handler is told once, so that it can clean up in peace.
        """
        for attempt in [attempt for attempt in self._in_handler if attempt.job.job_id == job_id]:
            attempt.cancel_requested = True
            self._in_handler.pop(attempt).cancel()

    async def execute(self, job: ClaimedJob) -> None:
        """Run one attempt to its recorded end; whatever the handler raises, this returns."""
        attempt = Attempt(job, self._store, self._dispatcher)
        execution = _Execution(attempt, self._installed[job.queue_name])
        try:
            await self._perform(execution)
            await self._record(execution)
        except ClaimLost:
            _log.warning("%s attempt %d was taken over; its end is dropped.", job.job_id, job.claim_no)
            self._dispatcher.done([job.job_id])

    async def _perform(self, execution: _Execution) -> None:
        job, processor = execution.job, execution.processor
        try:
            execution.attempt.check()
            execution.context = self._context(execution)
            value = await self._call(execution, execution.context)
            result, text = checked_result(processor.result, value)
            execution.outcome = Completed(text, _settled(processor, result, job.credits))
        except ClaimLost:
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt of a handler included
            cause, where = _cause(error), _where(execution)
            execution.outcome = judge(cause, job.failures, job.attempts_allowed, processor.retry.backoff, where)
            if execution.attempt.cancel_requested and isinstance(execution.outcome, _RUNS_AGAIN):
                execution.outcome = Cancelled()
        finally:
            if execution.context is not None:
                execution.context.reports.close()

    async def _call(self, execution: _Execution, context: HostJobContext) -> Any:
        attempt, task = execution.attempt, asyncio.current_task()
        assert task is not None  # noqa: S101 - a job runs in a task of its own
        self._in_handler[attempt] = task
        try:
            work = interruptible(execution.installed.handler(context), lambda: attempt.cancel_requested)
            return await _within(attempt.job.timeout_s, work)
        finally:
            self._in_handler.pop(attempt, None)

    async def _record(self, execution: _Execution) -> None:
        assert execution.outcome is not None  # noqa: S101 - _perform always sets it
        try:
            await self._end(execution, execution.outcome)
        except ClaimLost:
            raise
        except Exception as error:  # noqa: BLE001 - what the database refuses now it refuses every time
            _log.exception("The end of %s was refused; it fails.", execution.job.job_id)
            await self._end(execution, Failed(fault_of(error, _where(execution))))

    async def _end(self, execution: _Execution, outcome: Outcome) -> None:
        job, reports = execution.job, execution.context and execution.context.reports
        percent, held = (reports.percent, reports.take_held()) if reports else (0, None)
        ending = ending_of(execution.attempt, outcome, percent, held)
        await asyncio.shield(execution.attempt.commit(ending))
        if isinstance(outcome, _RUNS_AGAIN):
            self._dispatcher.enqueue([JobLine(job.job_id, job.queue_name, job.priority, ending.run_at or 0)])
        self._dispatcher.done([job.job_id])
        _log.info("%s attempt %d: %s", job.job_id, job.claim_no, type(outcome).__name__.lower())

    def _context(self, execution: _Execution) -> HostJobContext:
        services = HostServices.of(execution.attempt, self._database, self._storage, self._http)
        payload = _payload(execution)
        return HostJobContext(execution.attempt, payload, execution.installed.settings, services, self._registry)


async def _within(timeout_s: float, work: Awaitable[Any]) -> Any:
    try:
        async with asyncio.timeout(timeout_s) as limit:
            return await work
    except TimeoutError:
        if limit.expired():
            raise TimeoutError(f"The attempt took longer than its {timeout_s:g} s.") from None
        raise


def _cause(error: BaseException) -> BaseException:
    """Tell a cancellation of this attempt, which hands its job back, from one that the handler made itself.

    What a handler raises because it was cancelled is no fault of its own either.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        while task.cancelling():  # the hand-back itself must still be recorded
            task.uncancel()
        return error if isinstance(error, JobOutcome) else asyncio.CancelledError()
    if isinstance(error, asyncio.CancelledError):
        return RuntimeError("The handler ended with asyncio.CancelledError although nobody cancelled it.")
    return error


def _where(execution: _Execution) -> str:
    registered, job = execution.installed.registered, execution.job
    return f"{registered.plugin} {registered.version}, {job.job_id}, attempt {job.claim_no}\n"


def _payload(execution: _Execution) -> BaseModel:
    try:
        return execution.processor.payload.model_validate_json(execution.job.payload)
    except ValidationError as error:
        raise PermanentError(
            f"The payload does not fit the installed plugin's schema: {first_problem(error)}"
        ) from None


def _settled(processor: Processor, result: Any, reserved: int) -> int:
    if processor.settle_units is None:
        return reserved
    return min(reserved, processor.credits * int(getattr(result, processor.settle_units)))
