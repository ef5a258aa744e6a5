"""`Processor`: a queue's name, its payload, its handler and its policy, as one frozen object."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from workhall.sdk.policy import RateLimit, Retention, Retry

__all__ = ["AcceptedJob", "Endpoint", "Processor"]

QUEUE_NAME = r"^[a-z0-9][a-z0-9-]{0,63}$"
HANDLER = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"
DAY_S = 86_400


class AcceptedJob(BaseModel):
    """One job that a request made, as `Endpoint.respond` sees it."""

    model_config = ConfigDict(frozen=True)

    job_id: str
    generation_job_id: str
    queue_name: str
    payload: Any


class Endpoint(BaseModel):
    """A route of its own for a processor, served by the host; the plugin writes no web code.

    Args:
        path: below ``/api``, e.g. ``/v1/generation/logos``.
        request: the body's model; the payload model where left out.
        expand: turns one request into one payload (a mapping of the payload's fields) per job; all are accepted
            or none. Left out: the request is the payload.
        respond: makes the 202 body from the accepted jobs. Left out: ``{jobId, generationJobId, queueName, message}``.
        authenticate: proves a caller who has no bearer token from headers and raw body; raises `PermissionError`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    path: str = Field(pattern=r"^/v\d+/[a-z0-9/-]+$")
    method: Literal["POST"] = "POST"
    request: type[BaseModel] | None = None
    expand: Callable[[Any], Sequence[Mapping[str, Any]]] | None = None
    respond: Callable[[Sequence[AcceptedJob]], Mapping[str, Any]] | None = None
    authenticate: Callable[[Mapping[str, str], bytes], Awaitable[None] | None] | None = None


class Processor(BaseModel):
    """What a plugin brings to one queue.

    Args:
        queue: the queue's name, ``[a-z0-9-]``, at most 64 characters.
        payload: pydantic model of a job's input; validated before a row is written.
        result: pydantic model of a job's output; None for a handler that returns nothing.
        handler: ``"module:function"``, imported by worker processes only.
        job_type: word for the column of that name, e.g. ``logo``; the queue's name where left out.
        concurrency: jobs at a time in one worker process.
        global_concurrency: jobs at a time over all processes.
        timeout: seconds that one attempt may take.
        priority: lower runs sooner inside the queue.
        retry: attempts in total and the waits between them.
        rate: starts per time over all processes.
        keep_complete: how long the bulky parts of completed jobs stay.
        keep_failed: the same for failed and cancelled jobs.
        dispatch: who may submit: ``user``, ``service`` or only the processor's own ``endpoint``.
        credits: credits per unit, reserved at submit, settled at the end.
        credit_units: payload field that counts the units; one unit where left out.
        settle_units: result field that counts the units really made; all reserved ones where left out.
        cron: cron lines with the payload that each tick submits.
        settings: pydantic model of the plugin's own settings, given to the handler as ``job.settings``.
        endpoint: a route of its own.
        summary: one line for people.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    queue: str = Field(pattern=QUEUE_NAME)
    payload: type[BaseModel]
    result: type[BaseModel] | None = None
    handler: str = Field(pattern=HANDLER)
    job_type: str = ""
    concurrency: int = Field(default=5, ge=1, le=1000)
    global_concurrency: int | None = Field(default=None, ge=1)
    timeout: float = Field(default=60, gt=0, le=DAY_S)
    priority: int = Field(default=5, ge=0, le=1000)
    retry: Retry = Retry()
    rate: RateLimit | None = None
    keep_complete: Retention = Retention(count=500, age_s=DAY_S)
    keep_failed: Retention = Retention(count=500, age_s=7 * DAY_S)
    dispatch: Literal["user", "service", "endpoint"] = "service"
    credits: int = Field(default=0, ge=0)
    credit_units: str | None = None
    settle_units: str | None = None
    cron: tuple[tuple[str, dict[str, Any]], ...] = ()
    settings: type[BaseModel] | None = None
    endpoint: Endpoint | None = None
    summary: str = ""

    @field_validator("payload", "result", "settings")
    @classmethod
    def _is_model(cls, model: Any) -> Any:
        if model is not None and not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise ValueError("must be a pydantic model class")
        return model
