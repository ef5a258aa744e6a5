"""Policies: every figure is exact."""

from __future__ import annotations

from itertools import pairwise

import pytest
from pydantic import ValidationError
from workhall.sdk import Backoff, RateLimit, Retention, Retry, RetryAfter, Snooze, exponential, fixed, sequence


def waits(backoff: Backoff, number: int = 6) -> list[float]:
    return [backoff.wait_s(failures) for failures in range(1, number + 1)]


def test_exponential_doubles_from_its_base() -> None:
    assert waits(exponential(3)) == [3, 6, 12, 24, 48, 96]
    assert waits(exponential(0.25), 3) == [0.25, 0.5, 1.0]


def test_fixed_stays_and_a_sequence_repeats_its_last() -> None:
    assert waits(fixed(60), 3) == [60, 60, 60]
    assert waits(sequence([1, 5, 30]), 5) == [1, 5, 30, 30, 30]


def test_without_jitter_every_call_says_the_same() -> None:
    for backoff in (exponential(1), fixed(1), sequence([1, 2])):
        assert {backoff.wait_s(2) for _ in range(50)} == {backoff.wait_s(2)}


def test_jitter_stays_within_its_part_of_the_wait() -> None:
    seen = [exponential(10, jitter=0.2).wait_s(1) for _ in range(500)]
    assert 8 <= min(seen) < max(seen) <= 12
    assert max(seen) - min(seen) > 1


def test_waits_never_fall_and_a_thousand_attempts_do_not_overflow() -> None:
    every = waits(exponential(1), 1000)
    assert all(earlier < later for earlier, later in pairwise(every))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: sequence([]),
        lambda: exponential(1, jitter=1.5),
        lambda: fixed(1, jitter=-0.1),
        lambda: Retry(attempts=0),
        lambda: RateLimit(max=0, per_s=1),
        lambda: RateLimit(max=1, per_s=0),
        lambda: Retention(count=-1, age_s=1),
    ],
)
def test_a_figure_that_makes_no_sense_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        wrong()  # type: ignore[operator]


def test_what_a_processor_says_nothing_of_has_the_contracts_defaults() -> None:
    retry = Retry()
    assert (retry.attempts, waits(retry.backoff, 3)) == (3, [1, 2, 4])


@pytest.mark.parametrize("kind", [RetryAfter, Snooze])
@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_outcomes_take_sensible_seconds(kind: type[RetryAfter], seconds: float) -> None:
    with pytest.raises(ValueError):
        kind(seconds)
