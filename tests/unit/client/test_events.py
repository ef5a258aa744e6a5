"""The order of events, and the sentences of errors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from workhall.client import ApiError, Event
from workhall.client.events import EventOrder


def event(seq: int, name: str = "job:progress", **data) -> Event:
    return Event(name, seq, data)


@given(st.permutations(range(1, 9)), st.lists(st.integers(1, 8)), st.integers(0, 8))
def test_every_event_comes_once_and_in_order(order, again, after):
    queue = EventOrder(after)
    seen = [due.seq for seq in [*order, *again] for due in queue.add(event(seq))]
    assert seen == list(range(after + 1, 9))
    assert not queue.waits


def test_what_is_kept_no_more_is_skipped():
    queue = EventOrder()
    assert queue.add(event(5)) == []
    assert queue.add(event(4)) == []
    assert queue.waits
    assert [due.seq for due in queue.skip()] == [4, 5]
    assert queue.last == 5
    assert queue.skip() == []


@pytest.mark.parametrize(
    ("one", "terminal"),
    [
        (event(1, "job:complete"), True),
        (event(1, "job:failed", retriesLeft=0), True),
        (event(1, "job:failed", retriesLeft=0, cancelled=True), True),
        (event(1, "job:failed", retriesLeft=2), False),
        (event(1, "job:cancelled"), False),
        (event(1, "job:progress", progress=100), False),
    ],
)
def test_the_last_event_is_known(one, terminal):
    assert one.terminal is terminal


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ApiError(403, "Forbidden."), "Forbidden."),
        (ApiError(400, "Invalid", [{"field": "count", "message": "too many."}]), "Invalid; count: too many."),
        (ApiError(402, "No credits", {"required": 4, "available": 0}), "No credits; required: 4; available: 0."),
        (ApiError(404, "No queue x", {"available": ["a", "b"]}), "No queue x; available: a, b."),
    ],
)
def test_errors_are_sentences(error, sentence):
    assert str(error) == sentence
