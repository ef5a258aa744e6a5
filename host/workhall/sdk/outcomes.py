"""What a handler may raise to say how its attempt ended.

::

    JobOutcome
    ├── PermanentError   failed, and no further attempt would help
    ├── RetryAfter       failed, try again after so many seconds
    ├── Snooze           not failed: run again later, no attempt is counted
    └── JobCancelled     somebody asked for the end; arrives at the next await or checkpoint

Anything else that a handler raises is a failed attempt, retried by the processor's policy.
"""

from __future__ import annotations

__all__ = ["JobCancelled", "JobOutcome", "PermanentError", "RetryAfter", "Snooze"]


class JobOutcome(Exception):
    """Base of the outcomes; not raised itself."""


class PermanentError(JobOutcome):
    """The attempt failed and no further one would help; the job fails at once."""


class RetryAfter(JobOutcome):
    """The attempt failed; the next one starts after exactly ``seconds``.

    Args:
        seconds: how long to wait, 0 or more.
        message: what went wrong, shown to the user.
        pause_queue: hold the whole queue for that time (a provider's rate limit concerns every job).
    """

    def __init__(self, seconds: float, message: str = "", *, pause_queue: bool = False) -> None:
        super().__init__(message or f"Asked to try again in {seconds:g} s.")
        self.seconds = _checked(seconds)
        self.pause_queue = pause_queue


class Snooze(JobOutcome):
    """Not a failure: run the job again after ``seconds``; no attempt is counted."""

    def __init__(self, seconds: float, message: str = "") -> None:
        super().__init__(message or f"Waiting for {seconds:g} s.")
        self.seconds = _checked(seconds)


class JobCancelled(JobOutcome):
    """The job was cancelled; a handler may clean up and must let it pass."""


def _checked(seconds: float) -> float:
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"seconds must be 0 or more, not {seconds!r}")
    return float(seconds)
