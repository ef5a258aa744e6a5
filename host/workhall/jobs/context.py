"""`HostJobContext`: the `JobContext` that handlers get."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from workhall.jobs.attempt import Attempt
from workhall.jobs.errors import PayloadInvalid
from workhall.jobs.ids import child_id, now_ms
from workhall.jobs.payloads import first_problem, validate_payload
from workhall.jobs.principal import HOST
from workhall.jobs.progress import Progress
from workhall.jobs.services import HostServices
from workhall.jobs.steps import Steps, contained
from workhall.jobs.submit import new_job
from workhall.plugins.registry import Registry
from workhall.sdk import JobCancelled, JobContext
from workhall.sdk.wire import WireModel

__all__ = ["HostJobContext"]

T = TypeVar("T")
_log = logging.getLogger("workhall.handler")


class HostJobContext(JobContext[BaseModel]):
    """One attempt as its handler sees it."""

    def __init__(
        self, attempt: Attempt, payload: BaseModel, settings: Any, services: HostServices, registry: Registry
    ) -> None:
        job = attempt.job
        self.id, self.attempt, self.payload, self.settings = job.job_id, job.claim_no, payload, settings
        self.user_id, self.brand_id, self.services = job.user_id, job.brand_id, services
        self.log = logging.LoggerAdapter(_log, {"job_id": job.job_id, "attempt": job.claim_no})
        self.reports = Progress(attempt)
        self._attempt = attempt
        self._registry = registry
        self._steps = Steps(attempt, services.storage)
        self._children = 0

    async def progress(self, percent: float, message: str = "", *, stage: str | None = None, **data: Any) -> None:
        """See `JobContext.progress`."""
        self._attempt.check()
        await self.reports.report(percent, message, stage, data)

    async def emit(self, event: str, **data: Any) -> None:
        """See `JobContext.emit`."""
        self._attempt.check()
        spec = self._registry.events.get(event)
        if spec is None or not spec.emit:
            raise ValueError(f'No handler may emit "{event}"; declare it with the hook socket_events().')
        await self.reports.flush()
        at = now_ms()
        write = self._attempt.new_write()
        write.events.append(self._attempt.events.make(event, at, **self._checked(spec.payload, at, data)))
        await self._attempt.write(write)

    async def checkpoint(self) -> None:
        """See `JobContext.checkpoint`."""
        await asyncio.sleep(0)
        self._attempt.check()

    async def step(
        self,
        name: str,
        fn: Callable[[], T | Awaitable[T]],
        *,
        model: type[T],
        paid: bool = False,
        version: int = 1,
    ) -> T:
        """See `JobContext.step`."""
        return await self._steps.run(name, fn, model, paid=paid, version=version)

    async def gather(self, *steps: Awaitable[T], return_exceptions: bool = False) -> list[Any]:
        """See `JobContext.gather`."""
        outcomes = await asyncio.gather(*map(contained, steps), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and (not return_exceptions or _always_raised(outcome)):
                raise outcome
        return list(outcomes)

    async def dispatch(self, queue: str, payload: Mapping[str, Any] | BaseModel, *, key: str | None = None) -> str:
        """See `JobContext.dispatch`."""
        self._attempt.check()
        registered = self._registry.processors.get(queue)
        if registered is None:
            known = ", ".join(sorted(self._registry.processors))
            raise ValueError(f'There is no queue "{queue}" to dispatch to; there are: {known}.')
        self._children += 1
        identifier = child_id(self.id, queue, key if key is not None else f"\x00{self._children}")
        child = new_job(
            registered,
            self._child_payload(registered.processor.payload, payload),
            user_id=self.user_id,
            identifier=identifier,
            parent_job_id=self.id,
        )
        write = self._attempt.new_write()
        write.children.append(child)
        await self._attempt.write(write)
        return identifier

    def transaction(self) -> AbstractAsyncContextManager[None]:
        """See `JobContext.transaction`."""
        return self._attempt.together()

    def _child_payload(self, model: type[BaseModel], payload: Mapping[str, Any] | BaseModel) -> BaseModel:
        given = payload.model_dump(mode="json", by_alias=True) if isinstance(payload, BaseModel) else payload
        try:
            return validate_payload(model, given, HOST, 0)
        except PayloadInvalid as error:
            first = error.details[0]
            raise ValueError(f"The child's payload does not fit: {first['field']}: {first['message']}") from None

    def _checked(self, model: type[WireModel], at: int, data: dict[str, Any]) -> dict[str, Any]:
        job = self._attempt.job
        carried = {
            "job_id": job.job_id,
            "brand_id": job.brand_id,
            "queue_name": job.queue_name,
            "attempt": job.claim_no,
            "timestamp": at,
        }
        try:
            event = model.model_validate({**{key: carried[key] for key in carried.keys() & model.model_fields}, **data})
        except ValidationError as error:
            raise ValueError(f"The event does not fit: {first_problem(error)}") from None
        own = event.model_dump(mode="json", by_alias=True, exclude=set(carried) | {"seq"})
        return {name: value for name, value in own.items() if value is not None}


def _always_raised(outcome: BaseException) -> bool:
    """Tell whether `gather` raises it even where errors are asked for as values: the attempt itself is to end."""
    return isinstance(outcome, JobCancelled) or not isinstance(outcome, Exception)
