"""What the policy makes of an attempt's error."""

from __future__ import annotations

import asyncio

import pytest
from workhall.jobs.attempt import ClaimLost
from workhall.jobs.outcome import Cancelled, Failed, HandedBack, Retrying, Snoozed, clean, fault_of, judge
from workhall.sdk import JobCancelled, PermanentError, RetryAfter, Snooze, exponential, sequence


@pytest.mark.parametrize(
    ("error", "failures", "outcome", "wait_s"),
    [
        (RuntimeError("x"), 0, Retrying, 3),
        (RuntimeError("x"), 1, Retrying, 6),
        (RuntimeError("x"), 2, Failed, None),
        (RuntimeError("x"), 7, Failed, None),
        (TimeoutError("x"), 0, Retrying, 3),
        (SystemExit(1), 0, Retrying, 3),
        (KeyboardInterrupt(), 2, Failed, None),
        (PermanentError("x"), 0, Failed, None),
        (RetryAfter(0.5, "x"), 0, Retrying, 0.5),
        (RetryAfter(0), 1, Retrying, 0),
        (RetryAfter(0.5), 2, Failed, None),
        (Snooze(9, "x"), 0, Snoozed, 9),
        (Snooze(9, "x"), 7, Snoozed, 9),
        (JobCancelled("x"), 0, Cancelled, None),
        (ClaimLost("x"), 0, Cancelled, None),
        (asyncio.CancelledError(), 2, HandedBack, None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_judge(error: BaseException, failures: int, outcome: type, wait_s: float | None) -> None:
    judged = judge(error, failures, attempts_allowed=3, backoff=exponential(3))
    assert type(judged) is outcome
    assert getattr(judged, "wait_s", None) == wait_s


def test_each_failure_waits_as_its_number_says() -> None:
    waits = [judge(RuntimeError(), failures, 9, sequence([1, 5, 30])) for failures in range(5)]
    assert [wait.wait_s for wait in waits if isinstance(wait, Retrying)] == [1, 5, 30, 30, 30]


def raised(error: Exception) -> Exception:
    with pytest.raises(Exception) as caught:
        raise error
    return caught.value


def test_a_fault_says_in_one_sentence_what_and_in_its_stack_where() -> None:
    fault = fault_of(raised(ValueError("  no such planet \n")), "demo 1.2\n")
    assert fault.error == "no such planet"
    assert fault.stack.startswith("demo 1.2\nTraceback")
    assert "in raised" in fault.stack


def test_failures_of_one_kind_and_place_share_a_fingerprint_whatever_they_say() -> None:
    prints = [fault_of(raised(error)).fingerprint for error in (ValueError("a"), ValueError("b"), KeyError("a"))]
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (RuntimeError(), "RuntimeError"),
        (RuntimeError("  "), "RuntimeError"),
        (RuntimeError("a\x00b"), "a\ufffdb"),
        (RuntimeError("half \udc80"), "half ?"),
        (RuntimeError("y" * 5000), "y" * 2000),
        (ExceptionGroup("several", [ValueError("a")]), "several (1 sub-exception)"),
    ],
    ids=["empty", "blank", "nul", "surrogate", "long", "group"],
)
def test_a_fault_fits_every_database(error: Exception, text: str) -> None:
    fault = fault_of(error)
    assert fault.error == text
    assert clean(fault.stack) == fault.stack
    assert len(fault.stack) <= 64_000
