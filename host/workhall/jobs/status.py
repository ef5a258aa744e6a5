"""Job and attempt status: one word everywhere (contract §2)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

__all__ = ["CLAIMABLE", "TERMINAL", "AttemptStatus", "JobStatus"]


class JobStatus(StrEnum):
    """Where a job is in its life."""

    SCHEDULED = "scheduled"
    QUEUED = "queued"
    PROCESSING = "processing"
    RETRYING = "retrying"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


class AttemptStatus(StrEnum):
    """How an attempt ended; ``rescued``, ``handed-back`` and ``snoozed`` cost nothing."""

    PROCESSING = "processing"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SNOOZED = "snoozed"
    RESCUED = "rescued"
    HANDED_BACK = "handed-back"


CLAIMABLE: Final = (JobStatus.QUEUED, JobStatus.RETRYING, JobStatus.SCHEDULED)
TERMINAL: Final = (JobStatus.COMPLETE, JobStatus.FAILED, JobStatus.CANCELLED)
