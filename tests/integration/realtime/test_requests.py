"""What a client may ask for on /wizard, and that every request gets one answer."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update
from workhall.jobs.ids import job_id
from workhall.jobs.tables import generation_jobs
from workhall.realtime.limits import Limits

from tests.integration.realtime.conftest import StartSystem, System
from tests.integration.realtime.job_log import new_user

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NO_BRAND = {"error": "Brand not found or not authorized"}
NO_JOB = {"error": "Job not found"}


async def test_another_users_things_answer_as_if_they_were_not_there(system: System) -> None:
    owner = new_user()
    brand = await system.log.brand(owner)
    job = await system.log.job(owner, brand)
    stranger = await system.client()
    for event in ("brand:join", "brand:leave"):
        assert await stranger.ask(event, {"brandId": brand}) == NO_BRAND
        assert await stranger.ask(event, {"brandId": new_user()}) == NO_BRAND
    for event in ("job:join", "job:leave", "job:status"):
        assert await stranger.ask(event, {"jobId": job.job_id}) == NO_JOB
        assert await stranger.ask(event, {"jobId": job_id("noop")}) == NO_JOB
    assert await stranger.ask("job:join", {"jobId": job.job_id, "after": 0}) == NO_JOB
    assert system.hub.rooms == 1  # the user's own
    await system.log.happen(job, 3)
    own = await system.log.job(system.user)
    assert await stranger.ask("job:join", {"jobId": own.job_id, "after": 0}) == {"ok": True}
    await stranger.until_seq(2)
    assert {data["jobId"] for _, data in stranger.events} == {own.job_id}


async def test_the_owner_and_a_service_may_follow(system: System) -> None:
    brand = await system.log.brand(system.user)
    job = await system.log.job(system.user, brand)
    owner = await system.client()
    raw = await system.raw()
    await raw.ask(f'40/wizard,{{"token":"{system.token(new_user(), role="service")}"}}')
    assert await raw.ask(f'42/wizard,1["brand:join",{{"brandId":"{brand}"}}]') == '43/wizard,1[{"ok":true}]'
    for event in ("brand:join", "brand:leave"):
        assert await owner.ask(event, {"brandId": brand}) == {"ok": True}
    for event in ("job:join", "job:leave"):
        assert await owner.ask(event, {"jobId": job.job_id}) == {"ok": True}


WRONG = (
    ("job:join", {}, "jobId is required"),
    ("job:join", None, "The event takes one object"),
    ("job:join", [None], "The payload must be an object"),
    ("job:join", "logo-1", "The payload must be an object"),
    ("job:join", {"jobId": 5}, "jobId: Input should be a valid string"),
    ("job:join", {"jobId": "a b"}, "jobId: String should match pattern '^[A-Za-z0-9_-]+$'"),
    ("job:join", {"jobId": "a", "after": -1}, "after: Input should be greater than or equal to 0"),
    ("job:join", {"jobId": "a", "after": "1"}, "after: Input should be a valid integer"),
    ("job:join", {"jobId": "a", "after": True}, "after: Input should be a valid integer"),
    ("job:join", {"jobId": "a", "after": 2**40}, "after: Input should be less than or equal to 2147483647"),
    ("job:join", {"jobId": "a", "room": "admin:all"}, "room: Extra inputs are not permitted"),
    ("brand:join", {"brandId": ""}, "brandId: String should have at least 1 character"),
    ("brand:join", {"brandId": {"$ne": 1}}, "brandId: Input should be a valid string"),
    ("brand:join", ({"brandId": "a"}, 1), "The event takes one object"),
    (
        "job:vanish",
        {},
        "Unknown event; /wizard knows brand:join, brand:leave, job:join, job:leave, job:status, job:cancel",
    ),
)


async def test_a_wrong_request_gets_one_sentence(system: System) -> None:
    client = await system.client()
    for event, payload, sentence in WRONG:
        assert await client.ask(event, payload) == {"error": sentence}, (event, payload)


async def test_job_status_of_a_running_and_of_a_finished_job(system: System) -> None:
    client = await system.client()
    job = await system.log.job(system.user)
    await system.log.commit(job, 41)
    running = await client.ask("job:status", {"jobId": job.job_id, "queueName": "guessed-wrongly"})
    assert running == {
        "jobId": job.job_id,
        "queueName": "noop",
        "status": "processing",
        "stage": "working",
        "state": "active",
        "progress": 40,
        "message": None,
        "data": None,
        "result": None,
        "failedReason": None,
        "attempt": 1,
        "retriesLeft": 3,
    }
    await system.log.finish(job, '{"logos":[{"url":"x"}]}')
    finished = await client.ask("job:status", {"jobId": job.job_id})
    assert finished["result"] == finished["data"] == {"logos": [{"url": "x"}]}
    assert (finished["status"], finished["state"], finished["progress"]) == ("complete", "completed", 100)


async def test_job_status_has_the_originals_word_for_the_state(system: System) -> None:
    client = await system.client()
    job = await system.log.job(system.user)
    for status, state, retries_left in (
        ("scheduled", "delayed", 1),
        ("retrying", "delayed", 1),
        ("queued", "waiting", 1),
        ("processing", "active", 1),
        ("complete", "completed", 0),
        ("failed", "failed", 0),
        ("cancelled", "failed", 0),
    ):
        change = update(generation_jobs).values(status=status, error="BFL is away", failures=2)
        await system.log.store.database.write(lambda c, change=change: c.execute(change))
        answer = await client.ask("job:status", {"jobId": job.job_id})
        assert (answer["status"], answer["state"], answer["failedReason"]) == (status, state, "BFL is away")
        assert answer["retriesLeft"] == retries_left


async def test_too_many_requests_are_refused_and_come_back(start_system: StartSystem, valkey: str) -> None:
    system = await start_system(valkey, limits=Limits(request_burst=3, requests_per_s=20))
    client = await system.client()
    answers = [await client.ask("job:status", {"jobId": "x"}) for _ in range(5)]
    assert answers[:3] == [NO_JOB] * 3
    assert {"error": "Too many requests; wait a second and try again"} in answers[3:]
    async with asyncio.timeout(10):
        while await client.ask("job:status", {"jobId": "x"}) != NO_JOB:
            pass


async def test_rooms_are_bounded(start_system: StartSystem, valkey: str) -> None:
    system = await start_system(valkey, limits=Limits(rooms=2))
    client = await system.client()
    first, second = [await system.log.brand(system.user) for _ in range(2)]
    assert await client.ask("brand:join", {"brandId": first}) == {"ok": True}
    assert await client.ask("brand:join", {"brandId": first}) == {"ok": True}
    assert await client.ask("brand:join", {"brandId": second}) == {
        "error": "A socket may follow 2 brands and jobs; leave some first"
    }
    await client.ask("brand:leave", {"brandId": first})
    assert await client.ask("brand:join", {"brandId": second}) == {"ok": True}


async def test_a_database_that_is_gone_still_gets_an_answer(system: System) -> None:
    client = await system.client()
    await system.log.store.database.write(lambda c: c.exec_driver_sql("DROP TABLE generation_jobs"))
    answer = await client.ask("job:status", {"jobId": "x"})
    assert answer == {"error": "The database does not answer; try again in a moment"}
