"""How an attempt ended, and what the policy makes of it: a closed set of outcomes."""

from __future__ import annotations

import asyncio
import hashlib
import traceback
from dataclasses import dataclass

from workhall.sdk import Backoff, JobCancelled, PermanentError, RetryAfter, Snooze

__all__ = [
    "Cancelled",
    "Completed",
    "Failed",
    "Fault",
    "HandedBack",
    "Outcome",
    "Retrying",
    "Snoozed",
    "fault_of",
    "judge",
]

_LONGEST = 2_000
_LONGEST_STACK = 64_000


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong: one sentence for people, the stack for the dead letter."""

    error: str
    stack: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Completed:
    """The handler returned; ``result`` is JSON text, ``settled`` the credits that were really used."""

    result: str
    settled: int


@dataclass(frozen=True, slots=True)
class Retrying:
    """It failed, and runs again after ``wait_s`` seconds."""

    fault: Fault
    wait_s: float


@dataclass(frozen=True, slots=True)
class Failed:
    """It failed for good."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class Snoozed:
    """It asked to run later; nothing is counted."""

    wait_s: float
    message: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Somebody asked for its end."""


@dataclass(frozen=True, slots=True)
class HandedBack:
    """The worker stops: the job goes back to its queue, nothing is counted."""


Outcome = Completed | Retrying | Failed | Snoozed | Cancelled | HandedBack


def judge(error: BaseException, failures: int, attempts_allowed: int, backoff: Backoff, where: str = "") -> Outcome:
    """Return what becomes of an attempt that ended in ``error`` after ``failures`` earlier failed ones.

    ``where`` names plugin, version and attempt for the record.
    """
    if isinstance(error, asyncio.CancelledError):
        return HandedBack()
    if isinstance(error, JobCancelled):
        return Cancelled()
    if isinstance(error, Snooze):
        return Snoozed(error.seconds, str(error))
    fault = fault_of(error, where)
    if isinstance(error, PermanentError) or failures + 1 >= attempts_allowed:
        return Failed(fault)
    wait_s = error.seconds if isinstance(error, RetryAfter) else backoff.wait_s(failures + 1)
    return Retrying(fault, wait_s)


def fault_of(error: BaseException, where: str = "") -> Fault:
    """Return the record of ``error``; failures of one kind and place share a fingerprint."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].name}" if frames else ""
    kind = type(error).__name__
    fingerprint = hashlib.sha256(f"{kind}\x00{place}".encode()).hexdigest()
    stack = "".join((where, *traceback.format_exception(error)))
    return Fault(clean(_message(error) or kind)[:_LONGEST], clean(stack)[:_LONGEST_STACK], fingerprint)


def _message(error: BaseException) -> str:
    try:
        return str(error).strip()
    except Exception:  # noqa: BLE001 - a foreign exception's __str__ is foreign code
        return ""


def clean(text: str) -> str:
    """Return ``text`` without what a database cannot hold: NUL characters and lone surrogates."""
    return text.replace("\x00", "�").encode("utf-8", "replace").decode("utf-8")
