"""The event catalogue: every event that the host sends, as a pydantic model.

The one source of runtime validation, of the documents under ``/schema`` and of the types for front ends.
Field names and meanings: contract §5 and the table "Server → Client Events" of the requirements.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import Field

from workhall.sdk.wire import WireModel

__all__ = [
    "CATALOGUE",
    "AgentComplete",
    "AgentMessage",
    "EventSpec",
    "JobCancelledEvent",
    "JobComplete",
    "JobEvent",
    "JobFailed",
    "JobProgress",
    "JobQueued",
    "JobStarted",
    "JobToolError",
]


class JobEvent(WireModel):
    """What every job event carries. ``seq`` counts 1, 2, 3 … per job without a gap; ``timestamp`` is epoch ms."""

    job_id: str
    brand_id: str | None = None
    queue_name: str
    attempt: int = Field(ge=0)
    seq: int = Field(default=0, ge=0)
    timestamp: int


class JobQueued(JobEvent):
    """A job was accepted, or goes back to its queue."""

    status: Literal["queued", "scheduled"] = "queued"
    progress: int = Field(default=0, ge=0, le=100)
    message: str = "Waiting for a worker"
    run_at: int | None = Field(default=None, description="epoch ms before which it does not start")


class JobStarted(JobEvent):
    """An attempt began."""

    status: Literal["processing"] = "processing"
    progress: int = Field(default=0, ge=0, le=100)
    message: str = "Started"


class JobProgress(JobEvent):
    """An attempt reports; ``status`` is the handler's own stage."""

    status: str
    progress: int = Field(ge=0, le=100)
    message: str = ""
    step: str | None = None
    tool_name: str | None = None
    logo_index: int | None = None
    data: dict[str, Any] | None = None


class JobComplete(JobEvent):
    """A job ended well."""

    status: Literal["complete"] = "complete"
    progress: Literal[100] = 100
    message: str = "Done"
    result: Any = None


class JobFailed(JobEvent):
    """An attempt failed; with ``retriesLeft`` > 0 another one starts at ``nextAttemptAt`` (epoch ms)."""

    error: str
    retries_left: int = Field(ge=0)
    next_attempt_at: int | None = None
    cancelled: bool = False


class JobCancelledEvent(JobEvent):
    """A job was cancelled."""

    status: Literal["cancelled"] = "cancelled"
    progress: int = Field(default=0, ge=0, le=100)
    message: str = "Cancelled"


class JobToolError(JobEvent):
    """A tool of an agent failed; the job goes on."""

    tool_name: str
    error: str


class AgentMessage(JobEvent):
    """An agent says something."""

    session_id: str | None = None
    content: str


class AgentComplete(JobEvent):
    """An agent's run ended."""

    session_id: str | None = None
    result: Any = None


@dataclass(frozen=True, slots=True)
class EventSpec:
    """One event: its name, where it goes and what it carries.

    Args:
        name: e.g. ``job:progress``.
        payload: its model.
        namespace: the Socket.IO namespace.
        rooms: kinds of rooms, filled with the event's ids: ``job``, ``brand``, ``user``, ``admin``.
        emit: whether a handler may send it with ``job.emit``.
        summary: one line for the documents.
    """

    name: str
    payload: type[WireModel]
    namespace: str = "/wizard"
    rooms: tuple[str, ...] = ("job", "brand")
    emit: bool = False
    summary: str = ""


def _spec(name: str, payload: type[WireModel], *, emit: bool = False) -> EventSpec:
    return EventSpec(name, payload, emit=emit, summary=(payload.__doc__ or "").split("\n")[0])


CATALOGUE: Final[dict[str, EventSpec]] = {
    spec.name: spec
    for spec in (
        _spec("job:queued", JobQueued),
        _spec("job:started", JobStarted),
        _spec("job:progress", JobProgress),
        _spec("job:complete", JobComplete),
        _spec("job:failed", JobFailed),
        _spec("job:cancelled", JobCancelledEvent),
        _spec("job:tool-error", JobToolError, emit=True),
        _spec("agent:message", AgentMessage, emit=True),
        _spec("agent:complete", AgentComplete, emit=True),
    )
}
