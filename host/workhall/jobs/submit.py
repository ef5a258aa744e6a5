"""Submit: from a request to committed rows, as a pipeline of named steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from workhall.jobs.errors import DispatchForbidden, PayloadInvalid, QueueUnknown
from workhall.jobs.ids import job_id, now_ms
from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import IdempotencyKey, NewJob, Submission
from workhall.jobs.payloads import validate_payload
from workhall.jobs.ports import Dispatcher, Store
from workhall.jobs.principal import Principal
from workhall.plugins.registry import RegisteredProcessor, Registry
from workhall.sdk import AcceptedJob, Processor

__all__ = ["JobRequest", "Submitter", "new_job"]


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A wish for one job; ``delay_s`` in seconds, ``priority`` None for the queue's own."""

    queue: str
    payload: Mapping[str, Any]
    delay_s: float = 0
    priority: int | None = None


class Submitter:
    """Turns requests into jobs: validated, paid for, committed, announced."""

    def __init__(self, registry: Registry, store: Store, dispatcher: Dispatcher) -> None:
        self.registry = registry
        self._store = store
        self._dispatcher = dispatcher

    async def submit(
        self,
        principal: Principal,
        requests: Sequence[JobRequest],
        *,
        idempotency: IdempotencyKey | None = None,
        by_endpoint: bool = False,
    ) -> list[AcceptedJob]:
        """Accept all ``requests`` or none; returns once their rows are committed, whatever Redis says.

        ``by_endpoint`` says that the processor's own route asks, which may always dispatch to its queue.

        Raises:
            JobsError: what is wrong with the request.
            workhall.jobs.store.DatabaseAway: nothing was accepted.
        """
        prepared = [self._prepare(principal, request, by_endpoint) for request in requests]
        jobs = [job for job, _ in prepared]
        submitted = await self._store.submit(Submission(jobs, idempotency))
        if not submitted.replayed:
            self._dispatcher.enqueue([job.line for job in jobs])
            self._dispatcher.publish(submitted.events)
        return [
            AcceptedJob(
                job_id=identifier, generation_job_id=identifier[-36:], queue_name=job.queue_name, payload=payload
            )
            for identifier, (job, payload) in zip(submitted.job_ids, prepared, strict=True)
        ]

    def _prepare(self, principal: Principal, request: JobRequest, by_endpoint: bool) -> tuple[NewJob, BaseModel]:
        registered = self._resolve(request.queue)
        processor = registered.processor
        if not by_endpoint:
            _check_dispatch(principal, processor)
        payload = validate_payload(processor.payload, request.payload, principal, processor.credits)
        priority = _priority(principal, processor, request.priority)
        owner = getattr(payload, "user_id", None) or principal.user_id
        job = new_job(
            registered, payload, user_id=str(owner) if owner else None, priority=priority, delay_s=request.delay_s
        )
        return job, payload

    def _resolve(self, queue: str) -> RegisteredProcessor:
        registered = self.registry.processors.get(queue)
        if registered is None:
            raise QueueUnknown(queue, sorted(self.registry.processors))
        return registered


def new_job(
    registered: RegisteredProcessor,
    payload: BaseModel,
    *,
    user_id: str | None,
    priority: int | None = None,
    delay_s: float = 0,
    identifier: str | None = None,
    parent_job_id: str | None = None,
    replay_of: str | None = None,
) -> NewJob:
    """Return the row of a new job, with the policy of its processor stamped on it."""
    processor = registered.processor
    identifier = identifier or job_id(processor.queue)
    at = now_ms()
    run_at = at + round(delay_s * 1000)
    brand_id = getattr(payload, "brand_id", None)
    brand = str(brand_id) if brand_id is not None else None
    events = JobEvents(identifier, processor.queue, brand)
    return NewJob(
        job_id=identifier,
        queue_name=processor.queue,
        job_type=processor.job_type or processor.queue,
        payload=payload.model_dump_json(by_alias=True),
        user_id=user_id,
        brand_id=brand,
        priority=processor.priority if priority is None else priority,
        attempts_allowed=processor.retry.attempts,
        timeout_s=processor.timeout,
        credits=_cost(processor, payload),
        plugin_version=registered.version,
        schema_hash=registered.schema_hash,
        run_at=run_at,
        created_at=at,
        event=events.queued(at, run_at=run_at if delay_s else None),
        parent_job_id=parent_job_id,
        replay_of=replay_of,
    )


def _cost(processor: Processor, payload: BaseModel) -> int:
    units = getattr(payload, processor.credit_units) if processor.credit_units else 1
    return processor.credits * int(units)


def _check_dispatch(principal: Principal, processor: Processor) -> None:
    if not principal.may_dispatch(processor.dispatch):
        raise DispatchForbidden(f'Your role may not submit to the queue "{processor.queue}".')


def _priority(principal: Principal, processor: Processor, asked: int | None) -> int:
    if asked is not None and asked < processor.priority and not principal.sees_all:
        message = f"A user may not ask for a number below the queue's own ({processor.priority})."
        raise PayloadInvalid([{"field": "priority", "message": message}])
    return processor.priority if asked is None else asked
