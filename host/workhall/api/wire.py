"""The answers, as they go over the wire: camelCase, times as ISO 8601 in UTC. OpenAPI is made from them."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

__all__ = [
    "Accepted",
    "AssetPage",
    "AssetRecord",
    "AttemptList",
    "AttemptRecord",
    "BrandPage",
    "BrandRecord",
    "CreditBalance",
    "DeadLetterPage",
    "DeadLetterRecord",
    "Done",
    "EventList",
    "EventRecord",
    "JobPage",
    "JobRecord",
    "PluginList",
    "PluginState",
    "QueueReplayed",
    "RefusedReplay",
    "Replayed",
]

Cursor = Annotated[str | None, Meta(description="give it as `cursor` to get the next page; null on the last one")]


class Accepted(Struct, rename="camel"):
    """A job was accepted: its row is written."""

    job_id: str
    generation_job_id: str
    queue_name: str
    message: str


class JobRecord(Struct, rename="camel"):
    """A job."""

    job_id: str
    queue_name: str
    brand_id: str | None
    user_id: str | None
    parent_job_id: str | None
    replay_of: str | None
    status: Annotated[str, Meta(description="scheduled, queued, processing, retrying, complete, failed or cancelled")]
    stage: Annotated[str | None, Meta(description="the handler's own word for where it is")]
    progress: Annotated[int, Meta(description="0-100")]
    message: str | None
    result: Annotated[Any, Meta(description="what the handler returned; null until the job is complete")]
    error: str | None
    attempt: Annotated[int, Meta(description="1 for the first run; 0 before it")]
    retries_left: int
    next_attempt_at: Annotated[datetime | None, Meta(description="set while the job waits for its time")]
    cost_usd: float
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


class JobPage(Struct, rename="camel"):
    """A page of jobs, newest first."""

    jobs: list[JobRecord]
    next_cursor: Cursor


class EventRecord(Struct, rename="camel"):
    """An event of a job; `data` is what sockets get."""

    seq: Annotated[int, Meta(description="1, 2, 3 … per job, without a gap")]
    event: str
    data: Any
    at: datetime


class EventList(Struct, rename="camel"):
    """The events of a job so far, in order."""

    events: list[EventRecord]


class AttemptRecord(Struct, rename="camel"):
    """One run of a job."""

    number: int
    status: str
    error: str | None
    started_at: datetime
    ended_at: datetime | None
    worker_id: str


class AttemptList(Struct, rename="camel"):
    """The runs of a job, in order."""

    attempts: list[AttemptRecord]


class BrandRecord(Struct, rename="camel"):
    """A brand."""

    id: str
    user_id: str
    name: str
    status: str
    details: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class BrandPage(Struct, rename="camel"):
    """A page of brands, newest first."""

    brands: list[BrandRecord]
    next_cursor: Cursor


class AssetRecord(Struct, rename="camel"):
    """A brand's asset; its addresses are signed and load without a header for at least a day."""

    id: str
    brand_id: str
    asset_type: str
    url: str
    thumbnail_url: str | None
    metadata: dict[str, Any]
    is_selected: bool
    created_at: datetime


class AssetPage(Struct, rename="camel"):
    """A page of assets, newest first."""

    assets: list[AssetRecord]
    next_cursor: Cursor


class CreditBalance(Struct, rename="camel"):
    """A user's credits."""

    credits_remaining: int
    credits_used: int
    credits_reserved: int


class PluginState(Struct, rename="camel"):
    """A plugin, as `workhall plugins list` shows it."""

    name: str
    version: str
    queues: list[str]
    state: str
    reason: str
    settings: dict[str, Any]


class PluginList(Struct, rename="camel"):
    """Every installed plugin."""

    plugins: list[PluginState]


class Done(Struct, rename="camel"):
    """It is done."""

    ok: bool
    message: str


class Replayed(Struct, rename="camel"):
    """An ended job runs again, as a new one."""

    ok: bool
    job_id: Annotated[str, Meta(description="the new job")]


class RefusedReplay(Struct, rename="camel"):
    """A dead letter that was not replayed."""

    id: str
    error: str


class QueueReplayed(Struct, rename="camel"):
    """The jobs of a queue's dead letters run again, as new ones."""

    ok: bool
    job_ids: Annotated[list[str], Meta(description="the new jobs")]
    refused: list[RefusedReplay]


class DeadLetterRecord(Struct, rename="camel"):
    """A job that failed for good."""

    id: str
    original_queue: str
    original_job_id: str
    original_data: Annotated[Any, Meta(description="the job's payload")]
    user_id: str | None
    error: str
    stack: str | None
    attempts: Annotated[int, Meta(description="how many runs failed")]
    fingerprint: Annotated[str, Meta(description="the same for failures of one kind and place")]
    failed_at: datetime
    replayed_as: Annotated[str | None, Meta(description="the newest job that it was run again as")]


class DeadLetterPage(Struct, rename="camel"):
    """A page of dead letters, newest first."""

    dead_letters: list[DeadLetterRecord]
    next_cursor: Cursor
