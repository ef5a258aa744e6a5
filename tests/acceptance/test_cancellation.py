"""Job cancellation: the criteria AC-27 to AC-29 of the requirements (§9)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.realtime.clients import PythonClient

from .course import Course
from .people import Caller
from .rehearsal import begin
from .rows import Rows
from .system import Host

MARKED = {"ok": True, "message": "Job marked for cancellation"}
REMOVED = {"ok": True, "message": "Job removed from queue"}
STOPS_WITHIN_S = 1


@pytest.fixture(scope="module")
def owner(rehearsing: Host) -> Iterator[Caller]:
    with Caller.user(rehearsing) as owner:
        yield owner


@pytest.fixture
async def client(rehearsing: Host, owner: Caller) -> AsyncIterator[PythonClient]:
    client = PythonClient()
    await client.connect(rehearsing.url, owner.token)
    yield client
    await client.close()


async def at_work(client: PythonClient, owner: Caller, until: Path) -> Course:
    """A job in its handler, which cleans up into ``until`` when it is cancelled."""
    course = await begin(client, owner, "lasting", {"until": str(until)})
    await client.until(lambda: "working" in course.stages)
    return course


def is_cancelled(course: Course, attempt: int) -> None:
    assert course.seqs == list(range(1, len(course.events) + 1))
    (cancelled, _), (failed, last) = course.events[-2:]
    assert (cancelled, failed) == ("job:cancelled", "job:failed")
    assert (last["cancelled"], last["retriesLeft"], last["attempt"]) == (True, 0, attempt)


async def test_ac_27_a_waiting_job_can_be_cancelled(
    rehearsing: Host, owner: Caller, client: PythonClient, tmp_path: Path
) -> None:
    running = await at_work(client, owner, tmp_path / "first")
    waiting = await begin(client, owner, "lasting", {"until": str(tmp_path / "second")})
    answer = await client.ask("job:cancel", {"jobId": waiting.job_id, "queueName": "lasting"})
    assert answer == REMOVED
    await waiting.until_end()
    is_cancelled(waiting, attempt=0)
    assert await client.ask("job:cancel", {"jobId": running.job_id}) == MARKED
    await running.until_end()
    job = owner.job(waiting.job_id)
    assert (job["status"], job["attempt"], job["startedAt"]) == ("cancelled", 0, None)
    later = await at_work(client, owner, tmp_path / "third")  # its queue goes on, and it was never begun
    assert not (tmp_path / "second").exists()
    assert owner.post(f"/api/v1/jobs/{later.job_id}/cancel", None, 200) == MARKED
    await later.until_end()
    assert owner.get(f"/api/v1/jobs/{waiting.job_id}/attempts") == {"attempts": []}


async def test_ac_28_a_running_job_gets_the_signal_and_stops_at_its_next_checkpoint(
    rehearsing: Host, owner: Caller, client: PythonClient, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    course = await at_work(client, owner, tmp_path / "cleaned")
    began = time.monotonic()
    assert await client.ask("job:cancel", {"jobId": course.job_id, "queueName": "lasting"}) == MARKED
    await course.until_end()
    took = time.monotonic() - began
    figure(f"job:cancel of a running job: its end at the client after {took * 1000:.0f} ms")
    assert took < STOPS_WITHIN_S
    is_cancelled(course, attempt=1)
    assert (tmp_path / "cleaned").read_text() == "cleaned up"
    assert owner.job(course.job_id)["status"] == "cancelled"
    (attempt,) = Rows(rehearsing.data).read("SELECT status FROM job_attempts WHERE job_id = ?", course.job_id)
    assert attempt["status"] == "cancelled"
    again = await client.ask("job:cancel", {"jobId": course.job_id})
    assert again.keys() == {"error"}


async def test_ac_29_only_the_owner_can_cancel(
    rehearsing: Host, owner: Caller, client: PythonClient, tmp_path: Path
) -> None:
    course = await at_work(client, owner, tmp_path / "cleaned")
    stranger = PythonClient()
    with Caller.user(rehearsing) as somebody:
        await stranger.connect(rehearsing.url, somebody.token)
        answer = await stranger.ask("job:cancel", {"jobId": course.job_id, "queueName": "lasting"})
        await stranger.close()
        assert answer == {"error": "Not authorized to cancel this job"}
        assert somebody.post(f"/api/v1/jobs/{course.job_id}/cancel", None, 404) == {"error": "Job not found"}
    assert owner.job(course.job_id)["status"] == "processing"
    assert not (tmp_path / "cleaned").exists()
    ended = rehearsing.command("jobs", "cancel", course.job_id)
    assert (ended.code, ended.lines, ended.err) == (0, ["Job marked for cancellation."], "")
    await course.until_end()
    refused = rehearsing.command("jobs", "cancel", course.job_id)
    assert (refused.code, refused.out, refused.err.count("\n")) == (1, "", 1)
    assert "has ended already" in refused.err
