"""Dead letters over REST: looked at, replayed, purged, by operators; and ended jobs run again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import delete, update
from workhall.jobs.ids import job_id, now_ms, uuid7
from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import AttemptEnd, Claim, ClaimedJob, DeadLetter, JobWrite, StepRow
from workhall.jobs.status import AttemptStatus, JobStatus
from workhall.jobs.tables import generation_jobs, job_data, job_steps

from .conftest import OWNER, STRANGER, Host, serving
from .processors import make_registry, processors

LETTERS = "/api/v1/admin/dead-letters"
OPERATOR = {"user": STRANGER, "role": "operator"}
FIELDS = {
    *("id", "originalQueue", "originalJobId", "originalData", "userId", "error", "stack", "attempts", "fingerprint"),
    *("failedAt", "replayedAs"),
}


async def died(host: Host, brand: str, error: str = "no luck", **payload: Any) -> str:
    """Submit a job and let it fail for good; returns its id."""
    identifier = await host.submit(brand, **payload)
    (claim,) = await host.store.claim([Claim(identifier, "worker-1", now_ms())])
    assert isinstance(claim, ClaimedJob)
    at = now_ms()
    events = JobEvents(identifier, claim.queue_name, claim.brand_id, claim.claim_no)
    written = await host.store.write(
        JobWrite(
            identifier,
            claim.claim_no,
            [events.failed(at, error=error, retries_left=0, next_attempt_at=None)],
            status=JobStatus.FAILED,
            error=error,
            completed_at=at,
            charge_failure=True,
            credits_settled=0,
            attempt=AttemptEnd(AttemptStatus.FAILED, error, at),
            steps=[StepRow("draw", 1, True, '"drawn"', at), StepRow("frame", 1, True, None, at)],
            dead_letter=DeadLetter(str(uuid7(at)), error, "the stack", "f" * 64, 1, at),
        )
    )
    assert written is not None
    return identifier


async def letters(host: Host, **query: Any) -> list[dict[str, Any]]:
    answer = await host.get(LETTERS, params=query, **OPERATOR)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["deadLetters"]
    return found


async def again(host: Host, path: str, **headers: str) -> dict[str, Any]:
    """Replay or retry; returns the new job."""
    answer = await host.post(path, **OPERATOR, **headers)
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"ok", "jobId"}
    assert answer.json()["ok"] is True
    found: dict[str, Any] = (await host.get(f"/api/v1/jobs/{answer.json()['jobId']}")).json()
    return found


async def steps(host: Host, identifier: str) -> list[str]:
    statement = job_steps.select().where(job_steps.c.job_id == identifier)
    rows = await host.store.database.read(lambda connection: connection.execute(statement).all())
    return [row.name for row in rows]


async def test_a_dead_letter_holds_what_is_needed_to_look_into_it(host: Host, brand: str) -> None:
    identifier = await died(host, brand, text="Vulcan")
    (letter,) = await letters(host)
    assert letter.keys() == FIELDS
    assert (letter["originalQueue"], letter["originalJobId"]) == ("echo-chamber", identifier)
    assert (letter["originalData"]["text"], letter["userId"]) == ("Vulcan", OWNER)
    assert (letter["error"], letter["stack"], letter["attempts"]) == ("no luck", "the stack", 1)
    assert letter["failedAt"].endswith("Z")
    assert letter["replayedAs"] is None
    for key in (letter["id"], identifier):
        assert (await host.get(f"{LETTERS}/{key}", **OPERATOR)).json() == letter


async def test_pages_go_from_the_newest_to_the_oldest(host: Host, brand: str) -> None:
    died_in_order = [await died(host, brand) for _ in range(5)]
    seen: list[str] = []
    cursor = None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await host.get(LETTERS, params=query, **OPERATOR)).json()
        seen += [letter["originalJobId"] for letter in page["deadLetters"]]
        if (cursor := page["nextCursor"]) is None:
            break
    assert seen == died_in_order[::-1]
    assert await letters(host, queue="batch") == []
    assert len(await letters(host, queue="echo-chamber")) == 5


async def test_a_replay_is_a_new_linked_job_with_the_finished_steps_and_its_own_credits(host: Host, brand: str) -> None:
    identifier = await died(host, brand, count=4)
    assert (await host.get("/api/v1/credits")).json()["creditsReserved"] == 0
    (letter,) = await letters(host)
    job = await again(host, f"{LETTERS}/{letter['id']}/replay")
    assert (job["replayOf"], job["status"], job["userId"], job["brandId"]) == (identifier, "queued", OWNER, brand)
    assert (await host.get("/api/v1/credits")).json()["creditsReserved"] == 4
    assert await steps(host, job["jobId"]) == ["draw"]  # the other one has no result
    (kept,) = await letters(host)
    assert kept == {**letter, "replayedAs": job["jobId"]}
    assert (await host.get(f"/api/v1/jobs/{identifier}")).json()["status"] == "failed"


async def test_a_dead_letter_can_be_replayed_when_its_job_is_no_longer_kept(host: Host, brand: str) -> None:
    identifier = await died(host, brand, text="kept")
    for table in (generation_jobs, job_data):
        gone = delete(table).where(table.c.job_id == identifier)
        await host.store.database.write(lambda connection, gone=gone: connection.execute(gone))
    job = await again(host, f"{LETTERS}/{identifier}/replay")
    assert job["replayOf"] == identifier


async def test_retry_runs_an_ended_job_again_and_no_other(host: Host, brand: str) -> None:
    identifier = await died(host, brand)
    job = await again(host, f"/api/v1/admin/jobs/{identifier}/retry")
    assert (job["replayOf"], job["status"]) == (identifier, "queued")
    assert (await letters(host))[0]["replayedAs"] == job["jobId"]
    answer = await host.post(f"/api/v1/admin/jobs/{job['jobId']}/retry", **OPERATOR)
    assert (answer.status_code, answer.json()["error"]) == (
        409,
        "The job has not ended; cancel it first, or wait for its end",
    )
    await host.post(f"/api/v1/jobs/{job['jobId']}/cancel")
    assert (await again(host, f"/api/v1/admin/jobs/{job['jobId']}/retry"))["replayOf"] == job["jobId"]


async def test_an_idempotency_key_makes_one_job(host: Host, brand: str) -> None:
    identifier = await died(host, brand)
    paths = [f"{LETTERS}/{identifier}/replay", f"/api/v1/admin/jobs/{identifier}/retry"]
    for number, path in enumerate(paths):
        key = {"Idempotency-Key": f"k-{number}"}
        first, second = await asyncio.gather(again(host, path, **key), again(host, path, **key))
        assert first["jobId"] == second["jobId"]
    answer = await host.post(paths[0], **OPERATOR, **{"Idempotency-Key": "k-1"})
    assert answer.status_code == 409


async def test_who_cannot_pay_again_is_told_so(host: Host, brand: str) -> None:
    identifier = await died(host, brand, count=8)
    await host.grant(-95)
    for path in (f"{LETTERS}/{identifier}/replay", f"/api/v1/admin/jobs/{identifier}/retry"):
        answer = await host.post(path, **OPERATOR)
        assert (answer.status_code, answer.json()) == (
            402,
            {"error": "Insufficient credits", "required": 8, "available": 5},
        )
    assert (await letters(host))[0]["replayedAs"] is None


async def test_a_queue_is_replayed_once_and_what_is_refused_is_named(host: Host, brand: str) -> None:
    cheap = [await died(host, brand) for _ in range(3)]
    dear = await died(host, brand, count=8)
    await host.grant(-95)
    (last, *_) = await letters(host)
    answer = await host.post(f"{LETTERS}/replay?queue=echo-chamber", **OPERATOR)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["ok"] is True
    assert body["refused"] == [{"id": last["id"], "error": "Insufficient credits"}]
    assert last["originalJobId"] == dear
    sources = [(await host.get(f"/api/v1/jobs/{made}")).json()["replayOf"] for made in body["jobIds"]]
    assert sources == cheap

    await host.grant(95)
    both = await asyncio.gather(*(host.post(f"{LETTERS}/replay?queue=echo-chamber", **OPERATOR) for _ in range(2)))
    made = {identifier for answer in both for identifier in answer.json()["jobIds"]}
    assert len(made) == 1  # the refused one, once, although two asked at the same time
    assert (await host.post(f"{LETTERS}/replay?queue=echo-chamber", **OPERATOR)).json() == {
        "ok": True,
        "jobIds": [],
        "refused": [],
    }
    assert (await host.post(f"{LETTERS}/replay", **OPERATOR)).status_code == 400


async def test_purged_is_gone(host: Host, brand: str) -> None:
    kept, purged = [await died(host, brand) for _ in range(2)]
    answer = await host.delete(f"{LETTERS}/{purged}", **OPERATOR)
    assert (answer.status_code, answer.content) == (204, b"")
    assert [letter["originalJobId"] for letter in await letters(host)] == [kept]
    assert (await host.delete(f"{LETTERS}/{purged}", **OPERATOR)).status_code == 404
    assert (await host.get(f"/api/v1/jobs/{purged}")).status_code == 200


@pytest.mark.parametrize("key", [job_id("echo-chamber"), str(uuid7()), "nonsense", "a%00b"])
async def test_what_is_not_there_is_404(sqlite_host: Host, key: str) -> None:
    answers = [
        await sqlite_host.get(f"{LETTERS}/{key}", **OPERATOR),
        await sqlite_host.delete(f"{LETTERS}/{key}", **OPERATOR),
        await sqlite_host.post(f"{LETTERS}/{key}/replay", **OPERATOR),
    ]
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (404, {"error": "Dead letter not found"})
    ] * 3
    retried = await sqlite_host.post(f"/api/v1/admin/jobs/{key}/retry", **OPERATOR)
    assert (retried.status_code, retried.json()) == (404, {"error": "Job not found"})


async def test_only_operators_and_admins(sqlite_host: Host) -> None:
    await sqlite_host.grant(5)
    identifier = await died(sqlite_host, await sqlite_host.brand())

    async def codes(role: str) -> list[int]:
        answers = [
            await sqlite_host.get(LETTERS, role=role),
            await sqlite_host.get(f"{LETTERS}/{identifier}", role=role),
            await sqlite_host.post(f"{LETTERS}/replay?queue=batch", role=role),
            await sqlite_host.post(f"{LETTERS}/{identifier}/replay", role=role),
            await sqlite_host.post(f"/api/v1/admin/jobs/{identifier}/retry", role=role),
            await sqlite_host.delete(f"{LETTERS}/{identifier}", role=role),
        ]
        return [answer.status_code for answer in answers]

    for role in ("user", "viewer", "service"):
        assert await codes(role) == [403] * 6
    assert await codes("admin") == [200] * 5 + [204]


async def test_without_its_plugin_and_with_a_changed_schema(sqlite_host: Host, valkey_url: str) -> None:
    await sqlite_host.grant(5)
    identifier = await died(sqlite_host, await sqlite_host.brand())
    api = sqlite_host.api
    others = [one for one in processors() if one.queue != "echo-chamber"]
    async with serving(api.settings, api.store, valkey_url, make_registry(others)) as host:
        answer = await host.post(f"{LETTERS}/{identifier}/replay", **OPERATOR)
        assert answer.status_code == 409
        assert "echo-chamber" in answer.json()["error"]
    change = update(job_data).where(job_data.c.job_id == identifier).values(payload='{"text":5}')
    await api.database.write(lambda connection: connection.execute(change))
    answer = await sqlite_host.post(f"/api/v1/admin/jobs/{identifier}/retry", **OPERATOR)
    assert answer.status_code == 400
    assert {detail["field"] for detail in answer.json()["details"]} == {"userId", "brandId", "text"}
