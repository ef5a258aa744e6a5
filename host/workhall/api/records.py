"""From rows to what goes over the wire."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Raw
from sqlalchemy import RowMapping

from workhall.api.wire import AttemptRecord, BrandRecord, CreditBalance, DeadLetterRecord, EventRecord, JobRecord
from workhall.jobs.messages import LoggedEvent
from workhall.jobs.status import TERMINAL, JobStatus
from workhall.jobs.store.credits import Balance
from workhall.sdk import Brand

__all__ = [
    "attempt_record",
    "balance_record",
    "brand_record",
    "dead_letter_record",
    "event_record",
    "job_record",
    "moment",
]

_WAITING = (JobStatus.RETRYING, JobStatus.SCHEDULED)


def moment(at_ms: int) -> datetime:
    """Return the moment of an epoch time in milliseconds."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def job_record(row: RowMapping) -> JobRecord:
    """Return a job; its result is passed on as the text that the row holds."""
    status = row["status"]
    left = 0 if status in TERMINAL else max(0, row["attempts_allowed"] - row["failures"])
    return JobRecord(
        job_id=row["job_id"],
        queue_name=row["queue_name"],
        brand_id=row["brand_id"],
        user_id=row["user_id"],
        parent_job_id=row["parent_job_id"],
        replay_of=row["replay_of"],
        status=status,
        stage=row["stage"],
        progress=row["progress"],
        message=row["message"],
        result=Raw(row["result"]) if row["result"] is not None else None,
        error=row["error"],
        attempt=row["claim_no"],
        retries_left=left,
        next_attempt_at=moment(row["run_at"]) if status in _WAITING else None,
        cost_usd=row["cost_usd"],
        created_at=moment(row["created_at"]),
        started_at=_moment_or_none(row["started_at"]),
        completed_at=_moment_or_none(row["completed_at"]),
    )


def event_record(event: LoggedEvent) -> EventRecord:
    """Return an event of the log with the data that sockets get."""
    return EventRecord(seq=event.seq, event=event.name, data=Raw(event.wire), at=moment(event.at_ms))


def attempt_record(row: RowMapping) -> AttemptRecord:
    """Return one run of a job."""
    return AttemptRecord(
        number=row["number"],
        status=row["status"],
        error=row["error"],
        started_at=moment(row["started_at"]),
        ended_at=_moment_or_none(row["ended_at"]),
        worker_id=row["worker_id"],
    )


def dead_letter_record(row: RowMapping) -> DeadLetterRecord:
    """Return a dead letter; its job's payload is passed on as the text that the row holds."""
    data = row["original_data"]
    return DeadLetterRecord(
        id=row["id"],
        original_queue=row["original_queue"],
        original_job_id=row["original_job_id"],
        original_data=Raw(data) if data is not None else None,
        user_id=row["user_id"],
        error=row["error"],
        stack=row["stack"],
        attempts=row["attempts"],
        fingerprint=row["fingerprint"],
        failed_at=moment(row["failed_at"]),
        replayed_as=row["replayed_as"],
    )


def brand_record(brand: Brand) -> BrandRecord:
    """Return a brand."""
    return BrandRecord(
        id=brand.id,
        user_id=brand.user_id,
        name=brand.name,
        status=brand.status,
        details=dict(brand.details),
        created_at=moment(brand.created_at),
        updated_at=moment(brand.updated_at),
    )


def balance_record(balance: Balance) -> CreditBalance:
    """Return a user's credits."""
    return CreditBalance(balance.remaining, balance.used, balance.reserved)


def _moment_or_none(at_ms: int | None) -> datetime | None:
    return None if at_ms is None else moment(at_ms)
