"""Reading jobs: records, lists, events, attempts, waiting, and whose they are."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from workhall.jobs.ids import now_ms
from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import AttemptEnd, Claim, ClaimedJob, JobWrite
from workhall.jobs.status import AttemptStatus, JobStatus

from .conftest import OWNER, STRANGER, Host


async def claimed(host: Host, job_id: str) -> ClaimedJob:
    (claim,) = await host.store.claim([Claim(job_id, "worker-1", now_ms())])
    assert isinstance(claim, ClaimedJob)
    return claim


def made(claim: ClaimedJob) -> JobEvents:
    return JobEvents(claim.job_id, claim.queue_name, claim.brand_id, claim.claim_no)


async def complete(host: Host, claim: ClaimedJob, result: str = '{"echoes":["hi"]}') -> None:
    at = now_ms()
    event = made(claim).complete(at, message="Done", result={"echoes": ["hi"]})
    await host.store.write(
        JobWrite(
            claim.job_id,
            claim.claim_no,
            [event],
            status=JobStatus.COMPLETE,
            progress=100,
            completed_at=at,
            result=result,
            credits_settled=1,
            attempt=AttemptEnd(AttemptStatus.COMPLETE, None, at),
        )
    )


async def fail_once(host: Host, claim: ClaimedJob, run_at: int) -> None:
    at = now_ms()
    event = made(claim).failed(at, error="no luck", retries_left=2, next_attempt_at=run_at)
    await host.store.write(
        JobWrite(
            claim.job_id,
            claim.claim_no,
            [event],
            status=JobStatus.RETRYING,
            error="no luck",
            run_at=run_at,
            charge_failure=True,
            attempt=AttemptEnd(AttemptStatus.FAILED, "no luck", at),
        )
    )


async def job(host: Host, job_id: str, **options: Any) -> dict[str, Any]:
    answer = await host.get(f"/api/v1/jobs/{job_id}", **options)
    assert answer.status_code == 200, answer.text
    record: dict[str, Any] = answer.json()
    return record


async def test_a_record_follows_its_job(host: Host, brand: str) -> None:
    job_id = await host.submit(brand)
    claim = await claimed(host, job_id)
    running = await job(host, job_id)
    assert (running["status"], running["attempt"], running["startedAt"] is not None) == ("processing", 1, True)

    due = now_ms() + 60_000
    await fail_once(host, claim, due)
    waiting = await job(host, job_id)
    assert (waiting["status"], waiting["error"], waiting["retriesLeft"]) == ("retrying", "no luck", 2)
    assert datetime.fromisoformat(waiting["nextAttemptAt"]).timestamp() == pytest.approx(due / 1000)


async def test_a_finished_record_has_its_result_as_json(host: Host, brand: str) -> None:
    job_id = await host.submit(brand)
    await complete(host, await claimed(host, job_id), '{"echoes":["hü"],"n":1.5,"deep":{"a":[null,true]}}')
    done = await job(host, job_id)
    assert done["result"] == {"echoes": ["hü"], "n": 1.5, "deep": {"a": [None, True]}}
    assert (done["status"], done["progress"], done["retriesLeft"], done["nextAttemptAt"]) == ("complete", 100, 0, None)
    assert done["completedAt"] >= done["startedAt"] >= done["createdAt"]


async def test_events_have_no_gap_and_say_what_sockets_say(host: Host, brand: str) -> None:
    job_id = await host.submit(brand)
    await complete(host, await claimed(host, job_id))
    events = (await host.get(f"/api/v1/jobs/{job_id}/events")).json()["events"]
    assert [(event["seq"], event["event"]) for event in events] == [
        (1, "job:queued"),
        (2, "job:started"),
        (3, "job:complete"),
    ]
    last = events[2]
    assert (last["data"]["seq"], last["data"]["jobId"], last["data"]["attempt"]) == (3, job_id, 1)
    assert last["data"]["result"] == {"echoes": ["hi"]}
    assert last["at"].endswith("Z")
    later = (await host.get(f"/api/v1/jobs/{job_id}/events?after=2")).json()["events"]
    assert later == [last]


async def test_more_events_than_one_read_brings(host: Host, brand: str) -> None:
    job_id = await host.submit(brand)
    claim = await claimed(host, job_id)
    progress = [made(claim).make("job:progress", now_ms(), status="a", progress=1) for _ in range(2100)]
    await host.store.write(JobWrite(job_id, 1, progress))
    events = (await host.get(f"/api/v1/jobs/{job_id}/events")).json()["events"]
    assert [event["seq"] for event in events] == list(range(1, 2103))


async def test_attempts_are_listed(host: Host, brand: str) -> None:
    job_id = await host.submit(brand)
    await fail_once(host, await claimed(host, job_id), now_ms())
    await complete(host, await claimed(host, job_id))
    attempts = (await host.get(f"/api/v1/jobs/{job_id}/attempts")).json()["attempts"]
    assert [(one["number"], one["status"], one["error"], one["workerId"]) for one in attempts] == [
        (1, "failed", "no luck", "worker-1"),
        (2, "complete", None, "worker-1"),
    ]
    assert attempts[0]["endedAt"].endswith("Z")


async def test_what_is_not_theirs_does_not_exist(host: Host, brand: str) -> None:
    job_id = await host.submit(brand)
    for path in (f"/api/v1/jobs/{job_id}", f"/api/v1/jobs/{job_id}/events", f"/api/v1/jobs/{job_id}/attempts"):
        theirs = await host.get(path, STRANGER)
        absent = await host.get(path.replace(job_id, f"echo-chamber-{uuid4()}"), STRANGER)
        assert (theirs.status_code, theirs.json()) == (404, {"error": "Job not found"})
        assert (absent.status_code, absent.json()) == (theirs.status_code, theirs.json())
        for role in ("service", "admin"):
            assert (await host.get(path, STRANGER, role)).status_code == 200
    assert (await host.get("/api/v1/jobs", STRANGER)).json() == {"jobs": [], "nextCursor": None}
    assert len((await host.get("/api/v1/jobs", None, "admin")).json()["jobs"]) == 1


async def test_strange_ids_are_simply_not_there(host: Host) -> None:
    for strange in ("%00", "nope", "a" * 500, "echo-chamber-", "..%2fjobs", "%ff"):
        answer = await host.get(f"/api/v1/jobs/{strange}", role="admin")
        assert answer.status_code == 404, strange
        assert list(answer.json()) == ["error"]


async def test_pages_go_through_every_job_once_newest_first(host: Host, brand: str) -> None:
    await asyncio.gather(*(host.submit(brand) for _ in range(23)))
    seen: list[dict[str, Any]] = []
    cursor, pages = None, 0
    while True:
        answer = await host.get("/api/v1/jobs", params={"limit": 5, **({"cursor": cursor} if cursor else {})})
        page = answer.json()
        seen += page["jobs"]
        pages, cursor = pages + 1, page["nextCursor"]
        if cursor is None:
            break
        if pages == 2:
            await host.submit(brand)  # a newer job does not shift the pages below
    assert (pages, len(seen), len({one["jobId"] for one in seen})) == (5, 23, 23)
    keys = [(one["createdAt"], one["jobId"]) for one in seen]
    assert keys == sorted(keys, reverse=True)


async def test_lists_are_narrowed(host: Host, brand: str) -> None:
    other = await host.brand(name="Other")
    first, second = await host.submit(brand), await host.submit(other)
    await claimed(host, second)

    async def found(**params: str) -> list[str]:
        answer = await host.get("/api/v1/jobs", params=params)
        assert answer.status_code == 200, answer.text
        return [one["jobId"] for one in answer.json()["jobs"]]

    assert await found(brandId=brand) == [first]
    assert await found(brandId=brand.upper()) == [first]
    assert await found(status="processing") == [second]
    assert await found(queue="echo-chamber", status="queued") == [first]
    assert await found(queue="batch") == []
    assert await found(parentJobId=first) == []


async def test_wrong_filters_are_named(host: Host) -> None:
    for query, field in (
        ("limit=0", "limit"),
        ("limit=1000", "limit"),
        ("status=done", "status"),
        ("brandId=5", "brandId"),
        ("queue=A%00", "queue"),
        ("parentJobId=%00", "parentJobId"),
        ("cursor=xyz", "cursor"),
        ("cursor=MTIzOgA", "cursor"),
        ("cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk6YQ", "cursor"),
    ):
        answer = await host.get(f"/api/v1/jobs?{query}")
        assert (answer.status_code, answer.json()["error"]) == (400, "Validation failed"), query
        assert [detail["field"] for detail in answer.json()["details"]] == [field]


async def test_waiting_ends_when_the_job_changes(host: Host, brand: str) -> None:
    job_id = await host.submit(brand)
    waiting = asyncio.create_task(job(host, job_id, params={"wait": "30"}))
    assert (await asyncio.wait({waiting}, timeout=0.5))[1], "it answered although nothing changed"
    await claimed(host, job_id)
    async with asyncio.timeout(3):
        assert (await waiting)["status"] == "processing"


async def test_waiting_ends_with_its_time_and_not_at_all_for_what_has_ended(host: Host, brand: str) -> None:
    job_id = await host.submit(brand)
    began = time.monotonic()
    assert (await job(host, job_id, params={"wait": "0.4"}))["status"] == "queued"
    assert time.monotonic() - began >= 0.4
    await complete(host, await claimed(host, job_id))
    async with asyncio.timeout(5):
        assert (await job(host, job_id, params={"wait": "30"}))["status"] == "complete"


async def test_waiting_ends_when_the_process_drains(host: Host, brand: str) -> None:
    job_id = await host.submit(brand)
    waiting = asyncio.create_task(job(host, job_id, params={"wait": "30"}))
    await asyncio.wait({waiting}, timeout=0.3)
    host.api.draining.set()
    async with asyncio.timeout(3):
        assert (await waiting)["status"] == "queued"


async def test_the_owner_sees_a_job_that_a_service_made_for_them(host: Host, brand: str) -> None:
    body = {"brandId": brand, "text": "hi", "userId": OWNER}
    answer = await host.post("/api/v1/jobs/echo-chamber", body, user=None, role="service")
    assert (await job(host, answer.json()["jobId"]))["userId"] == OWNER
