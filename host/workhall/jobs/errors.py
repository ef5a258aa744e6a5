"""What can be wrong with a request concerning jobs; every message is fit for the caller.

::

    JobsError
    ├── QueueUnknown          no plugin ever brought that queue
    ├── QueueUnavailable      its plugin is absent or disabled
    ├── DispatchForbidden     this caller may not submit there, or not in another's name
    ├── PayloadInvalid        the payload does not fit its schema
    ├── BrandNotFound         no such brand, or not the caller's
    ├── InsufficientCredits
    ├── IdempotencyConflict   the key was used with another body
    ├── JobNotFound           no such job, or not the caller's
    ├── JobEnded              an ended job cannot be cancelled
    ├── JobNotEnded           only an ended job can be run again
    └── DeadLetterNotFound
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = [
    "BrandNotFound",
    "DeadLetterNotFound",
    "DispatchForbidden",
    "IdempotencyConflict",
    "InsufficientCredits",
    "JobEnded",
    "JobNotEnded",
    "JobNotFound",
    "JobsError",
    "PayloadInvalid",
    "QueueUnavailable",
    "QueueUnknown",
]


class JobsError(Exception):
    """Base of the errors of this layer."""


class QueueUnknown(JobsError):
    """No plugin ever brought the queue."""

    def __init__(self, queue: str, available: Sequence[str]) -> None:
        super().__init__(f'Queue "{queue}" not found')
        self.available = list(available)


class QueueUnavailable(JobsError):
    """The queue is known, but no installed plugin serves it."""


class DispatchForbidden(JobsError):
    """The caller may not submit this."""


class PayloadInvalid(JobsError):
    """The payload does not fit; ``details`` names each field by its wire name."""

    def __init__(self, details: list[dict[str, Any]]) -> None:
        super().__init__("Validation failed")
        self.details = details


class BrandNotFound(JobsError):
    """There is no such brand, or it is somebody else's."""

    def __init__(self) -> None:
        super().__init__("Brand not found")


class InsufficientCredits(JobsError):
    """The user has fewer credits left than the submission needs."""

    def __init__(self, required: int, available: int) -> None:
        super().__init__("Insufficient credits")
        self.required, self.available = required, available


class IdempotencyConflict(JobsError):
    """The idempotency key stands for another body."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used with another body; send a new key")


class JobNotFound(JobsError):
    """There is no such job, or it is somebody else's."""

    def __init__(self) -> None:
        super().__init__("Job not found")


class JobEnded(JobsError):
    """The job has ended, so there is nothing to cancel."""

    def __init__(self) -> None:
        super().__init__("The job has ended already; there is nothing left to cancel")


class JobNotEnded(JobsError):
    """The job has not ended yet."""

    def __init__(self) -> None:
        super().__init__("The job has not ended; cancel it first, or wait for its end")


class DeadLetterNotFound(JobsError):
    """There is no such dead letter."""

    def __init__(self) -> None:
        super().__init__("Dead letter not found")
