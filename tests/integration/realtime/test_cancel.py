"""``job:cancel`` on /wizard."""

from __future__ import annotations

import pytest
from workhall.jobs.ids import job_id, now_ms
from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import NewJob, Submission
from workhall.jobs.store.records import read_job

from tests.integration.realtime.conftest import System
from tests.integration.realtime.job_log import new_user

NOT_YOURS = {"error": "Not authorized to cancel this job"}
MARKED = {"ok": True, "message": "Job marked for cancellation"}


async def waiting(system: System, user_id: str) -> str:
    """A job that no worker has taken."""
    identifier, at = job_id("noop"), now_ms()
    new = NewJob(
        job_id=identifier, queue_name="noop", job_type="noop", payload="{}", user_id=user_id, brand_id=None,
        priority=5, attempts_allowed=3, timeout_s=60, credits=0, plugin_version="1", schema_hash="0" * 16,
        run_at=at, created_at=at, event=JobEvents(identifier, "noop", None).queued(at),
    )  # fmt: skip
    submitted = await system.log.store.submit(Submission([new]))
    await system.log.announce(submitted.events)
    return identifier


async def status(system: System, identifier: str) -> tuple[str, bool]:
    row = await system.log.store.database.read(lambda connection: read_job(connection, identifier))
    assert row is not None
    return row["status"], bool(row["cancel_requested"])


async def test_a_waiting_job_is_removed_and_its_followers_see_its_end(system: System) -> None:
    client, identifier = await system.client(), await waiting(system, system.user)
    assert await client.ask("job:join", {"jobId": identifier, "after": 0}) == {"ok": True}
    answer = await client.ask("job:cancel", {"jobId": identifier, "queueName": "guessed-wrongly"})
    assert answer == {"ok": True, "message": "Job removed from queue"}
    await client.until_seq(3)
    assert [name for name, _ in client.events] == ["job:queued", "job:cancelled", "job:failed"]
    assert (client.events[-1][1]["cancelled"], client.events[-1][1]["retriesLeft"]) == (True, 0)
    assert await status(system, identifier) == ("cancelled", True)
    again = await client.ask("job:cancel", {"jobId": identifier})
    assert again == {"error": "The job has ended already; there is nothing left to cancel"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_running_job_is_marked_and_its_worker_told(system: System) -> None:
    client, job = await system.client(), await system.log.job(system.user)
    assert await client.ask("job:cancel", {"jobId": job.job_id}) == MARKED
    assert await status(system, job.job_id) == ("processing", True)
    hint = await system.log.redis.blpop("saq:wake:worker", timeout=10)
    assert hint == (b"saq:wake:worker", f"cancel:{job.job_id}".encode())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_nobody_elses_job_and_no_job_answer_alike(system: System) -> None:
    stranger, job = await system.client(new_user()), await system.log.job(system.user)
    assert await stranger.ask("job:cancel", {"jobId": job.job_id}) == NOT_YOURS
    assert await stranger.ask("job:cancel", {"jobId": job_id("noop")}) == NOT_YOURS
    assert await status(system, job.job_id) == ("processing", False)
    assert await stranger.ask("job:cancel", {}) == {"error": "jobId is required"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_viewer_may_look_and_not_cancel(system: System) -> None:
    job = await system.log.job(system.user)
    raw = await system.raw()
    await raw.ask(f'40/wizard,{{"token":"{system.token(role="viewer")}"}}')
    answer = await raw.ask(f'42/wizard,1["job:cancel",{{"jobId":"{job.job_id}"}}]')
    assert "Your role may look at jobs, but not cancel them." in answer
    assert await status(system, job.job_id) == ("processing", False)
