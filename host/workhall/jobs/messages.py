"""What passes through `workhall.jobs.ports`: plain data, frozen where it can be."""

from __future__ import annotations

from dataclasses import dataclass, field

from workhall.jobs.status import AttemptStatus, JobStatus

__all__ = [
    "AttemptEnd",
    "Claim",
    "ClaimedJob",
    "DeadLetter",
    "Event",
    "IdempotencyKey",
    "JobLine",
    "JobState",
    "JobWrite",
    "LoggedEvent",
    "NewAsset",
    "NewJob",
    "NotClaimed",
    "Rescue",
    "Rescued",
    "StepRow",
    "StoredAsset",
    "Submission",
    "Submitted",
    "Written",
]


@dataclass(frozen=True, slots=True)
class Event:
    """An event before it has a number: ``data`` is its JSON object without ``seq``."""

    name: str
    data: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event of the log. ``data`` is the JSON object without ``seq``; `wire` has the whole."""

    job_id: str
    seq: int
    name: str
    data: str
    at_ms: int
    brand_id: str | None = None
    user_id: str | None = None

    @property
    def wire(self) -> str:
        """The event's JSON as clients see it: ``seq`` goes in front, nothing is decoded."""
        return f'{{"seq":{self.seq},{self.data[1:]}'


@dataclass(frozen=True, slots=True)
class JobLine:
    """What Redis needs to know of a job: its id, its priority and when it may run (epoch ms, 0 for now)."""

    job_id: str
    queue_name: str
    priority: int
    run_at: int


@dataclass(frozen=True, slots=True)
class JobState:
    """Where a job is, as its row says."""

    line: JobLine
    status: JobStatus
    worker_id: str | None
    claim_no: int
    brand_id: str | None
    last_seq: int
    created_at: int
    cancel_requested: bool


@dataclass(slots=True)
class NewJob:
    """A job to be inserted, with its first event."""

    job_id: str
    queue_name: str
    job_type: str
    payload: str
    user_id: str | None
    brand_id: str | None
    priority: int
    attempts_allowed: int
    timeout_s: float
    credits: int
    plugin_version: str
    schema_hash: str
    run_at: int
    created_at: int
    event: Event
    parent_job_id: str | None = None
    replay_of: str | None = None

    @property
    def line(self) -> JobLine:
        """The job as Redis sees it."""
        return JobLine(self.job_id, self.queue_name, self.priority, self.run_at if self.run_at > self.created_at else 0)

    @property
    def first_event(self) -> LoggedEvent:
        """The job's event 1."""
        name, data, at_ms = self.event.name, self.event.data, self.event.at_ms
        return LoggedEvent(self.job_id, 1, name, data, at_ms, self.brand_id, self.user_id)


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A caller's key and the hash of the body that it stands for."""

    user_id: str
    key: str
    body_hash: str


@dataclass(slots=True)
class Submission:
    """Jobs that are accepted together or not at all; a job's brand must be its user's."""

    jobs: list[NewJob]
    idempotency: IdempotencyKey | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """An accepted submission; ``replayed`` where the idempotency key had answered it before."""

    job_ids: tuple[str, ...]
    events: tuple[LoggedEvent, ...] = ()
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's wish to start a job."""

    job_id: str
    worker_id: str
    at_ms: int


@dataclass(slots=True)
class ClaimedJob:
    """A job that this worker may run: `claim_no` fences every later write."""

    job_id: str
    queue_name: str
    claim_no: int
    failures: int
    attempts_allowed: int
    timeout_s: float
    priority: int
    credits: int
    payload: str
    user_id: str | None
    brand_id: str | None
    created_at: int
    cancel_requested: bool
    event: LoggedEvent
    steps: dict[str, StepRow] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotClaimed:
    """A job that must not start now; ``run_at`` (epoch ms) where it is due later, else None."""

    job_id: str
    run_at: int | None
    priority: int = 0


@dataclass(frozen=True, slots=True)
class AttemptEnd:
    """How an attempt ended."""

    status: AttemptStatus
    error: str | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step's intent (``result`` is None) or its stored result as JSON."""

    name: str
    version: int
    paid: bool
    result: str | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class NewAsset:
    """A brand asset to be inserted, unless its id is there already."""

    id: str
    brand_id: str
    asset_type: str
    url: str
    metadata: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class StoredAsset:
    """An asset's permanent addresses; ``metadata`` (JSON object) is merged into what the row has."""

    id: str
    url: str
    thumbnail_url: str | None
    metadata: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A failed job's record for people; the rest comes from its row."""

    id: str
    error: str
    stack: str | None
    fingerprint: str
    attempts: int
    at_ms: int


@dataclass(slots=True)
class JobWrite:
    """One fenced write of a running attempt: whatever is set is written, in one transaction, or nothing is."""

    job_id: str
    claim_no: int
    events: list[Event] = field(default_factory=list)
    status: JobStatus | None = None
    stage: str | None = None
    progress: int | None = None
    message: str | None = None
    error: str | None = None
    run_at: int | None = None
    completed_at: int | None = None
    charge_failure: bool = False
    result: str | None = None
    credits_settled: int | None = None
    attempt: AttemptEnd | None = None
    steps: list[StepRow] = field(default_factory=list)
    children: list[NewJob] = field(default_factory=list)
    assets: list[NewAsset] = field(default_factory=list)
    stored_assets: list[StoredAsset] = field(default_factory=list)
    dead_letter: DeadLetter | None = None

    def add(self, later: JobWrite) -> None:
        """Add what a running attempt reports ``later``; where both say something, the later one wins."""
        for name in ("events", "steps", "children", "assets", "stored_assets"):
            getattr(self, name).extend(getattr(later, name))
        for name in ("stage", "progress", "message"):
            if (value := getattr(later, name)) is not None:
                setattr(self, name, value)


@dataclass(frozen=True, slots=True)
class Written:
    """What a fenced write brought about; ``cancel_requested`` is read from the row on the way.

    ``children`` are new jobs to be ordered; ``asked`` are running children to be cancelled, as (job id, worker id).
    """

    events: tuple[LoggedEvent, ...]
    children: tuple[JobLine, ...]
    cancel_requested: bool
    asked: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rescue:
    """Take a job from a worker that is gone: back to queued, uncharged; ``why`` is noted at its attempt."""

    job_id: str
    worker_id: str
    event: Event
    at_ms: int
    why: str = "its worker is gone"


@dataclass(frozen=True, slots=True)
class Rescued:
    """A rescued job, ready to be queued again."""

    line: JobLine
    event: LoggedEvent
