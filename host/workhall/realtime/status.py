"""A job as ``job:status`` answers it (contract §5)."""

from __future__ import annotations

from typing import Any, Final

import orjson
from sqlalchemy import RowMapping

from workhall.jobs.status import TERMINAL, JobStatus

__all__ = ["status_of"]

# The words of the original's queue, for its clients.
_STATES: Final = {
    JobStatus.SCHEDULED: "delayed",
    JobStatus.RETRYING: "delayed",
    JobStatus.QUEUED: "waiting",
    JobStatus.PROCESSING: "active",
    JobStatus.COMPLETE: "completed",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "failed",
}


def status_of(row: RowMapping) -> dict[str, Any]:
    """Return the answer for a job's record, as `workhall.jobs.store.records.read_job` gives it."""
    status = JobStatus(row["status"])
    result = orjson.loads(row["result"]) if row["result"] is not None else None
    return {
        "jobId": row["job_id"],
        "queueName": row["queue_name"],
        "status": status,
        "stage": row["stage"],
        "state": _STATES[status],
        "progress": row["progress"],
        "message": row["message"],
        "data": result,
        "result": result,
        "failedReason": row["error"],
        "attempt": row["claim_no"],
        "retriesLeft": _retries_left(row, status),
    }


def _retries_left(row: RowMapping, status: JobStatus) -> int:
    """Attempts less failed attempts; none where the job has ended (contract §2)."""
    if status in TERMINAL:
        return 0
    return max(0, int(row["attempts_allowed"]) - int(row["failures"]))
