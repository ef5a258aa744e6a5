"""Submitting jobs: what is accepted, what stands in the rows, what Redis is told."""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import uuid4

import orjson
import pytest
from redis.asyncio import Redis

from .conftest import OWNER, STRANGER, Host


async def test_an_accepted_job_is_a_row_an_event_and_an_entry_in_redis(host: Host, valkey_url: str) -> None:
    brand = await host.brand()
    await host.grant(10)
    answer = await host.post("/api/v1/jobs/echo-chamber", {"brandId": brand, "text": "hi", "count": 4})
    assert answer.status_code == 202
    body = answer.json()
    assert body["jobId"] == f"echo-chamber-{body['generationJobId']}"
    assert (body["queueName"], body["message"]) == ("echo-chamber", "Job accepted")

    job = (await host.get(f"/api/v1/jobs/{body['jobId']}")).json()
    assert list(job) == [
        *("jobId", "queueName", "brandId", "userId", "parentJobId", "replayOf", "status", "stage", "progress"),
        *("message", "result", "error", "attempt", "retriesLeft", "nextAttemptAt", "costUsd"),
        *("createdAt", "startedAt", "completedAt"),
    ]
    assert (job["status"], job["attempt"], job["retriesLeft"], job["progress"]) == ("queued", 0, 3, 0)
    assert (job["userId"], job["brandId"], job["nextAttemptAt"]) == (OWNER, brand, None)
    assert job["createdAt"].endswith("Z")

    credits = (await host.get("/api/v1/credits")).json()
    assert credits == {"creditsRemaining": 6, "creditsUsed": 0, "creditsReserved": 4}

    async with Redis.from_url(valkey_url) as redis, asyncio.timeout(5):
        while await redis.zscore("saq:echo-chamber:ready", body["jobId"]) is None:
            await asyncio.sleep(0.01)


async def test_snake_case_is_accepted_too_and_the_users_own_credit_cost_is_ignored(host: Host) -> None:
    await host.grant(10)
    sent = {"brand_id": await host.brand(), "text": "hi", "count": 2, "creditCost": 0, "userId": OWNER}
    assert (await host.post("/api/v1/jobs/echo-chamber", sent)).status_code == 202
    assert (await host.get("/api/v1/credits")).json()["creditsReserved"] == 2


async def test_a_delayed_job_is_scheduled_and_says_when_it_is_due(host: Host) -> None:
    await host.grant(1)
    body = {"brandId": await host.brand(), "text": "later"}
    answer = await host.post("/api/v1/jobs/echo-chamber?delay=90.5&priority=7", body)
    job = (await host.get(f"/api/v1/jobs/{answer.json()['jobId']}")).json()
    assert job["status"] == "scheduled"
    due = datetime.fromisoformat(job["nextAttemptAt"]) - datetime.fromisoformat(job["createdAt"])
    assert due.total_seconds() == pytest.approx(90.5)


async def test_a_service_may_ask_for_any_priority_and_in_any_users_name(host: Host) -> None:
    brand = await host.brand(STRANGER)
    await host.grant(5, STRANGER)
    body = {"brandId": brand, "text": "hi", "userId": STRANGER}
    answer = await host.post("/api/v1/jobs/echo-chamber?priority=0", body, user=None, role="service")
    assert answer.status_code == 202, answer.text
    assert (await host.get(f"/api/v1/jobs/{answer.json()['jobId']}", STRANGER)).json()["userId"] == STRANGER


async def test_the_same_idempotency_key_answers_with_the_same_job(host: Host) -> None:
    await host.grant(10)
    body = {"brandId": await host.brand(), "text": "once"}
    key = {"Idempotency-Key": str(uuid4())}
    first = await host.post("/api/v1/jobs/echo-chamber", body, **key)
    again = await host.post("/api/v1/jobs/echo-chamber", body, **key)
    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    rows = await host.rows()
    assert (rows["generation_jobs"], rows["idempotency_keys"]) == (1, 1)
    assert (await host.get("/api/v1/credits")).json()["creditsReserved"] == 1


async def test_an_idempotency_key_is_bound_to_its_request_and_its_user(host: Host) -> None:
    await host.grant(10)
    await host.grant(10, STRANGER)
    body, key = {"brandId": await host.brand(), "text": "once"}, {"Idempotency-Key": "k-1"}
    assert (await host.post("/api/v1/jobs/echo-chamber", body, **key)).status_code == 202
    for path, other in (
        ("/api/v1/jobs/echo-chamber", {**body, "text": "twice"}),
        ("/api/v1/jobs/echo-chamber?delay=60", body),
        ("/api/v1/generation/echoes", body),
    ):
        answer = await host.post(path, other, **key)
        assert answer.status_code == 409, path
        assert answer.json() == {"error": "This Idempotency-Key was used with another body; send a new key"}
    theirs = {"brandId": await host.brand(STRANGER), "text": "once"}
    assert (await host.post("/api/v1/jobs/echo-chamber", theirs, STRANGER, **key)).status_code == 202
    assert (await host.rows())["generation_jobs"] == 2


async def test_a_key_of_a_refused_request_may_be_used_again(host: Host) -> None:
    body, key = {"brandId": await host.brand(), "text": "once"}, {"Idempotency-Key": "again"}
    assert (await host.post("/api/v1/jobs/echo-chamber", body, **key)).status_code == 402
    await host.grant(1)
    assert (await host.post("/api/v1/jobs/echo-chamber", body, **key)).status_code == 202


async def test_a_crowd_with_one_idempotency_key_makes_one_job(host: Host) -> None:
    await host.grant(50)
    body, key = {"brandId": await host.brand(), "text": "once"}, {"Idempotency-Key": "crowd"}
    answers = await asyncio.gather(*(host.post("/api/v1/jobs/echo-chamber", body, **key) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["jobId"] for answer in answers}) == 1
    assert (await host.rows())["generation_jobs"] == 1


async def test_a_crowd_never_spends_more_credits_than_there_are(host: Host) -> None:
    await host.grant(7)
    body = {"brandId": await host.brand(), "text": "hi", "count": 2}
    answers = await asyncio.gather(*(host.post("/api/v1/jobs/echo-chamber", body) for _ in range(10)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [202] * 3 + [402] * 7
    credits = (await host.get("/api/v1/credits")).json()
    assert credits == {"creditsRemaining": 1, "creditsUsed": 0, "creditsReserved": 6}


async def test_a_picture_of_25_megabytes_may_be_submitted_to_image_upload(sqlite_host: Host) -> None:
    host = sqlite_host
    body = orjson.dumps({"sourceUrl": "data:image/png;base64," + "A" * 33_400_000})
    headers = host.headers(None, "service")
    answer = await host.http.post("/api/v1/jobs/image-upload", content=body, headers=headers)
    assert answer.status_code == 202, answer.text
    too_much = await host.http.post("/api/v1/jobs/image-upload", content=body + b" " * 700_000, headers=headers)
    assert (too_much.status_code, (await host.rows())["generation_jobs"]) == (413, 1)
