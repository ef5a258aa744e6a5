"""The public API: a name that appears or goes is a decision, made here."""

from __future__ import annotations

import importlib

import workhall
import workhall.sdk

MEMBERS = [
    "AcceptedJob",
    "AgentComplete",
    "AgentMessage",
    "Asset",
    "Backoff",
    "Brand",
    "CATALOGUE",
    "Endpoint",
    "EventSpec",
    "JobCancelled",
    "JobCancelledEvent",
    "JobComplete",
    "JobContext",
    "JobEvent",
    "JobFailed",
    "JobProgress",
    "JobQueued",
    "JobStarted",
    "JobToolError",
    "PermanentError",
    "Preview",
    "Processor",
    "RateLimit",
    "Retention",
    "Retry",
    "RetryAfter",
    "Secret",
    "Services",
    "Snooze",
    "WireModel",
    "exponential",
    "fixed",
    "hookimpl",
    "sequence",
]
# The list of contract §9; the event models are those of the catalogue.
PROMISED = (
    "Processor, Endpoint, Retry, exponential, fixed, sequence, RateLimit, Retention, JobContext, PermanentError, "
    "RetryAfter, Snooze, JobCancelled, Preview, Secret, hookimpl"
)


def test_workhall_exports_exactly_these() -> None:
    assert sorted(workhall.__all__) == MEMBERS


def test_they_are_the_sdks_own() -> None:
    assert sorted(workhall.sdk.__all__) == MEMBERS
    for name in MEMBERS:
        assert getattr(workhall, name) is getattr(workhall.sdk, name)


def test_every_promised_name_is_there() -> None:
    assert set(PROMISED.split(", ")) <= set(MEMBERS)
    assert {spec.payload.__name__ for spec in workhall.CATALOGUE.values()} <= set(MEMBERS)


def test_nothing_else_is_public_beside_modules() -> None:
    public = {name for name in vars(workhall) if not name.startswith("_")}
    modules = {name for name in public if importlib.util.find_spec(f"workhall.{name}")}
    assert public - modules == set(MEMBERS)


def test_every_member_says_what_it_is() -> None:
    silent = [name for name in MEMBERS if callable(found := getattr(workhall, name)) and not found.__doc__]
    assert silent == []
