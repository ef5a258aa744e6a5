"""The soak's verdict finds each broken promise, and names the job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from workhall.client.events import Event

from chaos.faults import WorkerKill
from chaos.plugin import FLAKY, PAID, PARENT, QUICK
from chaos.recovery import percentile, recovery_times_s
from chaos.rows import Attempt, Rows
from chaos.sockets import SocketLog
from chaos.verdict import Evidence, judge
from chaos.wishes import Wish, draw_wishes

USER = "00000000-0000-4000-8000-000000000001"
UUID = "01a20925-6e5d-7a48-ba41-d08ddfe7e340"
COMPLETE = {"status": "complete", "progress": 100}


class Case:
    """What a clean soak leaves behind, to be spoilt."""

    def __init__(self) -> None:
        self.wishes: list[Wish] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.events: dict[str, list[Event]] = {}
        self.effects: dict[tuple[str, str], list[int]] = {}
        self.steps: dict[tuple[str, str], int] = {}
        self.letters: dict[str, int] = {}
        self.balance = {"credits_remaining": 96, "credits_used": 4, "credits_reserved": 0}
        self.refused: list[str] = []
        self.quick = self._add(QUICK, {})
        self.flaky = self._add(FLAKY, {"failures": 2}, failures=2)
        self.paid = self._add(PAID, {"units": 2, "short": False}, settled=4)
        self.effects[self.paid, "paid-0"], self.steps[self.paid, "paid-0"] = [1], 1

    def _add(self, queue: str, payload: dict[str, Any], failures: int = 0, settled: int = 0) -> str:
        job_id = f"{queue}-{UUID}"
        self.wishes.append(Wish(len(self.wishes), 0, queue, payload, 0, None, None, False, job_id=job_id))
        self.jobs[job_id] = {
            "job_id": job_id, "queue_name": queue, "status": "complete", "error": None, "parent_job_id": None,
            "failures": failures, "last_seq": 2, "user_id": USER, "credits_settled": settled,
        }  # fmt: skip
        self.events[job_id] = [Event("job:queued", 1, {}), Event("job:complete", 2, COMPLETE)]
        return job_id

    def verdict(self) -> dict[str, dict[str, str]]:
        rows = Rows(self.jobs, self.events, {}, self.steps, self.letters, {USER: self.balance}, {USER: 100})
        found = judge(Evidence(self.wishes, rows, self.effects, SocketLog(""), [USER], self.refused))
        return {promise: offenders for promise, offenders in found.items() if offenders}


def set_row(case: Case, job_id: str, **changes: Any) -> None:
    case.jobs[job_id].update(changes)


def more_events(case: Case, job_id: str, *events: Event) -> None:
    case.events[job_id] += events
    case.jobs[job_id]["last_seq"] += len(events)


def parent_without_children(case: Case) -> None:
    case._add(PARENT, {"children": 1})


def test_a_clean_soak_has_no_offenders() -> None:
    assert Case().verdict() == {}


@pytest.mark.parametrize(
    ("promise", "spoil"),
    [
        ("lost", lambda case: case.jobs.pop(case.quick)),
        ("lost", lambda case: set_row(case, case.quick, status="processing")),
        ("lost", parent_without_children),
        ("refused or accepted twice", lambda case: case.refused.append("400 No.")),
        ("refused or accepted twice", lambda case: case.wishes.pop(0)),
        ("refused or accepted twice", lambda case: setattr(case.wishes[0], "job_id", None)),
        ("wrong ends", lambda case: set_row(case, case.flaky, failures=3)),
        ("wrong ends", lambda case: case.letters.update({case.quick: 1})),
        ("double effects", lambda case: case.effects.update({(case.paid, "paid-0"): [1, 1]})),
        ("double effects", lambda case: case.effects.update({(case.paid, "step-0"): [1, 2]})),
        ("missing or doubled events, rows", lambda case: case.events[case.quick].pop(0)),
        ("missing or doubled events, rows", lambda case: more_events(case, case.quick, Event("job:started", 3, {}))),
        ("missing or doubled events, rows", lambda case: more_events(case, case.quick, case.events[case.quick][0])),
        ("wrong credits", lambda case: case.balance.update(credits_remaining=95)),
        ("wrong credits", lambda case: case.balance.update(credits_remaining=95, credits_reserved=1)),
        ("wrong credits", lambda case: case.balance.update(credits_remaining=94, credits_used=6)),
    ],
)
def test_each_broken_promise_is_found(promise: str, spoil: Callable[[Case], Any]) -> None:
    case = Case()
    case.steps[case.paid, "step-0"] = 1
    spoil(case)
    assert list(case.verdict()) == [promise]


def test_an_end_that_nobody_designed_is_found() -> None:
    case = Case()
    set_row(case, case.quick, status="failed", error="Why?")
    case.letters[case.quick] = 1
    assert case.verdict()["wrong ends"] == {case.quick: "failed: Why?"}


def test_recovery_is_the_time_to_the_next_attempt() -> None:
    hit = [
        Attempt("a", 1, "rescued", "vm-7-abcdef", 100, 900),
        Attempt("a", 2, "complete", "vm-8-abcdef", 2_500, 2_600),
    ]
    over = [Attempt("b", 1, "failed", "vm-7-abcdef", 100, 400), Attempt("b", 2, "complete", "vm-8-abcdef", 700, 800)]
    assert recovery_times_s([WorkerKill(7, 500)], {"a": hit, "b": over}) == [2.0]
    assert percentile([2.0], 95) == 2.0
    assert percentile([1.0, 2.0, 3.0], 50) == 2.0
    assert percentile([], 50) is None


def test_a_seed_draws_the_same_jobs_again() -> None:
    assert draw_wishes(5, 40) == draw_wishes(5, 40) != draw_wishes(6, 40)
