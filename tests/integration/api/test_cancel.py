"""Cancelling over REST: what waits ends at once, what runs is told, and nobody else may."""

from __future__ import annotations

from typing import Any

import pytest
from workhall.jobs.ids import job_id, now_ms
from workhall.jobs.messages import Claim, ClaimedJob, JobWrite
from workhall.jobs.store.records import read_job
from workhall.jobs.submit import new_job

from .conftest import STRANGER, Host

REMOVED = {"ok": True, "message": "Job removed from queue"}
MARKED = {"ok": True, "message": "Job marked for cancellation"}


async def cancel(host: Host, identifier: str, code: int = 200, **options: Any) -> dict[str, Any]:
    answer = await host.post(f"/api/v1/jobs/{identifier}/cancel", **options)
    assert answer.status_code == code, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def row(host: Host, identifier: str) -> Any:
    return await host.store.database.read(lambda connection: read_job(connection, identifier))


async def claimed(host: Host, identifier: str) -> ClaimedJob:
    (claim,) = await host.store.claim([Claim(identifier, "worker-1", now_ms())])
    assert isinstance(claim, ClaimedJob)
    return claim


async def child_of(host: Host, parent: ClaimedJob, brand: str) -> str:
    """A job that a running one has dispatched."""
    registered = host.api.registry.processors["echo-chamber"]
    payload = registered.processor.payload.model_validate({"userId": parent.user_id, "brandId": brand, "text": "deep"})
    child = new_job(registered, payload, user_id=parent.user_id, parent_job_id=parent.job_id)
    assert await host.store.write(JobWrite(parent.job_id, parent.claim_no, children=[child]))
    return child.job_id


async def test_a_waiting_job_ends_at_once_and_gives_its_credits_back(host: Host, brand: str) -> None:
    identifier = await host.submit(brand, count=3)
    assert (await host.get("/api/v1/credits")).json()["creditsReserved"] == 3
    assert await cancel(host, identifier) == REMOVED
    assert (await row(host, identifier))["status"] == "cancelled"
    assert (await host.get("/api/v1/credits")).json() == {
        "creditsRemaining": 100,
        "creditsUsed": 0,
        "creditsReserved": 0,
    }
    events = (await host.get(f"/api/v1/jobs/{identifier}/events")).json()["events"]
    assert [event["event"] for event in events] == ["job:queued", "job:cancelled", "job:failed"]
    last = events[-1]["data"]
    assert (last["cancelled"], last["retriesLeft"]) == (True, 0)


async def test_what_has_ended_answers_409_and_stays_as_it_is(host: Host, brand: str) -> None:
    identifier = await host.submit(brand)
    await cancel(host, identifier)
    before = await row(host, identifier)
    assert await cancel(host, identifier, 409) == {
        "error": "The job has ended already; there is nothing left to cancel"
    }
    assert await row(host, identifier) == before


async def test_a_running_job_is_told_and_ends_by_itself(host: Host, brand: str) -> None:
    identifier = await host.submit(brand)
    await claimed(host, identifier)
    for _ in range(2):  # told twice is told
        assert await cancel(host, identifier) == MARKED
    found = await row(host, identifier)
    assert (found["status"], bool(found["cancel_requested"])) == ("processing", True)


async def test_children_go_with_their_parent(host: Host, brand: str) -> None:
    parent = await claimed(host, await host.submit(brand))
    waiting, running = [await child_of(host, parent, brand) for _ in range(2)]
    await claimed(host, running)
    assert await cancel(host, parent.job_id) == MARKED
    assert (await row(host, waiting))["status"] == "cancelled"
    assert bool((await row(host, running))["cancel_requested"])


async def test_another_users_job_is_not_there(host: Host, brand: str) -> None:
    identifier = await host.submit(brand)
    for asked in (identifier, job_id("echo-chamber"), "nonsense", "a%00b"):
        assert await cancel(host, asked, 404, user=STRANGER) == {"error": "Job not found"}
    assert (await row(host, identifier))["status"] == "queued"


@pytest.mark.parametrize(("role", "code"), [("viewer", 403), ("operator", 403), ("service", 200), ("admin", 200)])
async def test_roles(sqlite_host: Host, role: str, code: int) -> None:
    await sqlite_host.grant(5)
    identifier = await sqlite_host.submit(await sqlite_host.brand())
    await cancel(sqlite_host, identifier, code, role=role)
    assert (await row(sqlite_host, identifier))["status"] == ("cancelled" if code == 200 else "queued")


async def test_nobody_cancels_without_a_token(sqlite_host: Host) -> None:
    answer = await sqlite_host.http.post(f"/api/v1/jobs/{job_id('echo-chamber')}/cancel")
    assert answer.status_code == 401
