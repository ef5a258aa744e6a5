"""Every event that the host makes has the shape that the catalogue promises."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from workhall.jobs.ids import job_id, uuid7
from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import Event, LoggedEvent
from workhall.sdk import CATALOGUE

AT_MS = 1_795_448_763_150
BRAND = str(uuid7())
FIRST = JobEvents(job_id("logo-generation"), "logo-generation", BRAND)
LATER = FIRST._replace(brand_id=None, attempt=3)

EVENTS: list[tuple[Event, dict[str, Any]]] = [
    (FIRST.queued(AT_MS), {"status": "queued", "progress": 0, "message": "Waiting for a worker", "attempt": 0}),
    (FIRST.queued(AT_MS, run_at=AT_MS + 5), {"status": "scheduled", "run_at": AT_MS + 5, "brand_id": BRAND}),
    (LATER.queued(AT_MS, message="Handed back"), {"status": "queued", "message": "Handed back", "brand_id": None}),
    (LATER.started(AT_MS), {"status": "processing", "progress": 0, "attempt": 3}),
    (
        LATER.complete(AT_MS, message="Done", result=orjson.Fragment('{"logos":[1]}')),
        {"status": "complete", "progress": 100, "result": {"logos": [1]}},
    ),
    (LATER.complete(AT_MS, message="Done", result=None), {"result": None}),
    (
        LATER.failed(AT_MS, error="boom", retries_left=2, next_attempt_at=AT_MS + 3000),
        {"error": "boom", "retries_left": 2, "next_attempt_at": AT_MS + 3000, "cancelled": False},
    ),
    (LATER.failed(AT_MS, error="boom", retries_left=0, next_attempt_at=None), {"next_attempt_at": None}),
    (LATER.cancellation(AT_MS, progress=40)[0], {"status": "cancelled", "progress": 40}),
    (LATER.cancellation(AT_MS, progress=40)[1], {"cancelled": True, "retries_left": 0}),
    (
        LATER.make("job:progress", AT_MS, status="composing", progress=5, message="", logoIndex=1, data={"a": [None]}),
        {"status": "composing", "progress": 5, "logo_index": 1, "data": {"a": [None]}, "step": None},
    ),
    (LATER.make("agent:message", AT_MS, content="Hi", sessionId="s"), {"content": "Hi", "session_id": "s"}),
]


@pytest.mark.parametrize(("event", "fields"), EVENTS, ids=[event.name for event, _ in EVENTS])
def test_an_event_validates_against_its_model(event: Event, fields: dict[str, Any]) -> None:
    logged = LoggedEvent(FIRST.job_id, 7, event.name, event.data, event.at_ms)
    model = CATALOGUE[event.name].payload.model_validate_json(logged.wire)
    common = {"job_id": FIRST.job_id, "queue_name": "logo-generation", "seq": 7, "timestamp": AT_MS}
    for name, value in {**common, **fields}.items():
        assert getattr(model, name) == value


def test_the_events_here_are_all_that_the_host_makes_itself() -> None:
    made = {event.name for event, _ in EVENTS}
    assert made >= {name for name, spec in CATALOGUE.items() if not spec.emit}


def test_a_cancelled_job_ends_with_a_failure_for_clients_that_know_no_other_end() -> None:
    assert [event.name for event in LATER.cancellation(AT_MS, progress=0)] == ["job:cancelled", "job:failed"]
