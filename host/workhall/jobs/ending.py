"""What each outcome writes: the row's move, the attempt's end, the events, the credits, the dead letter."""

from __future__ import annotations

from functools import singledispatch
from typing import Final

import orjson

from workhall.jobs.attempt import Attempt
from workhall.jobs.ids import now_ms, uuid7
from workhall.jobs.job_events import CANCELLED
from workhall.jobs.messages import AttemptEnd, DeadLetter, JobWrite
from workhall.jobs.outcome import Cancelled, Completed, Failed, HandedBack, Outcome, Retrying, Snoozed
from workhall.jobs.status import AttemptStatus, JobStatus

__all__ = ["ending_of"]

_LONGEST_WAIT_S: Final = 366 * 86_400  # an exponential back-off of many attempts outgrows every integer column


def ending_of(attempt: Attempt, outcome: Outcome, percent: int, held: JobWrite | None = None) -> JobWrite:
    """Return the write that ends ``attempt``.

    ``percent`` is the progress that it had reached; ``held`` is a last report that was held back and goes first.
    """
    write = held or attempt.new_write()
    _fill(outcome, attempt, write, now_ms(), percent)
    return write


@singledispatch
def _fill(outcome: Outcome, attempt: Attempt, write: JobWrite, at: int, percent: int) -> None:
    raise TypeError(f"not an outcome: {outcome!r}")


@_fill.register
def _complete(outcome: Completed, attempt: Attempt, write: JobWrite, at: int, _percent: int) -> None:
    result = orjson.Fragment(outcome.result)
    write.events.append(attempt.events.complete(at, message=_message(outcome.result), result=result))
    write.status, write.progress, write.completed_at = JobStatus.COMPLETE, 100, at
    write.message = _message(outcome.result)
    write.result, write.credits_settled = outcome.result, outcome.settled
    write.attempt = AttemptEnd(AttemptStatus.COMPLETE, None, at)


@_fill.register
def _retrying(outcome: Retrying, attempt: Attempt, write: JobWrite, at: int, _percent: int) -> None:
    job = attempt.job
    left = job.attempts_allowed - job.failures - 1
    write.run_at = _later(at, outcome.wait_s)
    error = outcome.fault.error
    write.events.append(attempt.events.failed(at, error=error, retries_left=left, next_attempt_at=write.run_at))
    write.status, write.error, write.charge_failure = JobStatus.RETRYING, error, True
    write.attempt = AttemptEnd(AttemptStatus.FAILED, error, at)


@_fill.register
def _failed(outcome: Failed, attempt: Attempt, write: JobWrite, at: int, _percent: int) -> None:
    fault = outcome.fault
    write.events.append(attempt.events.failed(at, error=fault.error, retries_left=0, next_attempt_at=None))
    write.status, write.error, write.completed_at = JobStatus.FAILED, fault.error, at
    write.charge_failure, write.credits_settled = True, 0
    write.attempt = AttemptEnd(AttemptStatus.FAILED, fault.error, at)
    attempts = attempt.job.failures + 1
    write.dead_letter = DeadLetter(str(uuid7(at)), fault.error, fault.stack, fault.fingerprint, attempts, at)


@_fill.register
def _snoozed(outcome: Snoozed, attempt: Attempt, write: JobWrite, at: int, _percent: int) -> None:
    write.run_at = _later(at, outcome.wait_s)
    write.events.append(attempt.events.queued(at, run_at=write.run_at, message=outcome.message))
    write.status = JobStatus.SCHEDULED
    write.attempt = AttemptEnd(AttemptStatus.SNOOZED, None, at)


@_fill.register
def _cancelled(_outcome: Cancelled, attempt: Attempt, write: JobWrite, at: int, percent: int) -> None:
    write.events.extend(attempt.events.cancellation(at, progress=percent))
    write.status, write.completed_at, write.credits_settled = JobStatus.CANCELLED, at, 0
    write.message = write.error = CANCELLED
    write.attempt = AttemptEnd(AttemptStatus.CANCELLED, None, at)


@_fill.register
def _handed_back(_outcome: HandedBack, attempt: Attempt, write: JobWrite, at: int, _percent: int) -> None:
    write.events.append(attempt.events.queued(at, message="Handed back by a worker that stops"))
    write.status = JobStatus.QUEUED
    write.attempt = AttemptEnd(AttemptStatus.HANDED_BACK, None, at)


def _later(at: int, wait_s: float) -> int:
    return at + round(min(wait_s, _LONGEST_WAIT_S) * 1000)


def _message(result: str) -> str:
    """A result may say what is to be shown: its field ``message``."""
    if '"message"' not in result:
        return "Done"
    value = orjson.loads(result)
    message = value.get("message") if isinstance(value, dict) else None
    return message if isinstance(message, str) else "Done"
