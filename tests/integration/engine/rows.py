"""Rows that no dispatcher has ever heard of."""

from __future__ import annotations

from typing import Any

from workhall.jobs.ids import job_id, now_ms
from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import NewJob


def new_job(queue: str = "q", **fields: Any) -> NewJob:
    """A job as `Submitter` would make it."""
    identifier, at = job_id(queue), now_ms()
    values: dict[str, Any] = {
        "job_id": identifier,
        "queue_name": queue,
        "job_type": queue,
        "payload": "{}",
        "user_id": None,
        "brand_id": None,
        "priority": 5,
        "attempts_allowed": 3,
        "timeout_s": 60.0,
        "credits": 0,
        "plugin_version": "1",
        "schema_hash": "0" * 16,
        "run_at": at,
        "created_at": at,
        "event": JobEvents(identifier, queue, None).queued(at),
    }
    return NewJob(**{**values, **fields})
