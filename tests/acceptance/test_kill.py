"""kill -9 of any process, and the ends of ``up``: nothing is lost, nothing is left."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.fixtures.waiting import eventually
from tests.integration.realtime.clients import PythonClient

from .course import Course, begin
from .people import Caller, logo_request
from .rows import Rows
from .system import Host

COUNT = 8
CREDITS = 80
ANOTHER_ATTEMPT_WITHIN_S = 15
Launch = Callable[..., Host]
Steps = dict[str, dict[str, Any]]
Files = dict[str, tuple[int, int]]


async def test_a_job_survives_the_death_of_every_worker(launch: Launch, figure: Callable[[str], None]) -> None:
    host, client = launch("--workers", "2").start(), PythonClient()
    with Caller.admin(host) as admin, Caller.user(host) as user:
        admin.grant(user, CREDITS)
        try:
            await client.connect(host.url, user.token)
            course, spent = await stopped_in_the_middle(host, client, user)
            steps, files = Rows(host.data).steps(course.job_id), drawn(host, course)
            signal_all(host.workers(), signal.SIGKILL)
            at = time.monotonic()
            await client.until(lambda: course.attempt == 2)
            waited = time.monotonic() - at
            await course.until_end()
        finally:
            await client.close()
        figure(f"kill -9 of every worker: another attempt after {waited:.1f} s")
        assert waited < ANOTHER_ATTEMPT_WITHIN_S
        is_one_continuous_sequence(course)
        what_was_finished_was_not_done_again(host, course, steps, files)
        the_result_is_right(user, course)
        assert user.credits() == {"creditsRemaining": CREDITS - spent, "creditsUsed": spent, "creditsReserved": 0}
    assert host.stop() == 0, host.log
    assert host.left() == {}


async def stopped_in_the_middle(host: Host, client: PythonClient, user: Caller) -> tuple[Course, int]:
    """Stop every worker (SIGSTOP) when some logos of a job are drawn and others are not.

    A job that is committed too fast to be met in its middle is followed by another one. Returns the job and the
    credits that all of them cost.
    """
    for spent in range(COUNT, CREDITS + 1, COUNT):
        course = await begin(client, user, logo_request(user.brand(), count=COUNT))
        workers = host.workers()
        assert len(workers) >= 2
        await eventually(partial(is_over_or_stopped, host, workers, course), within_s=60)
        if not course.ended:
            return course, spent
    raise AssertionError(f"none of {CREDITS // COUNT} jobs was met in its middle")


def is_over_or_stopped(host: Host, workers: set[int], course: Course) -> bool:
    signal_all(workers, signal.SIGSTOP)
    if 1 <= len(Rows(host.data).steps(course.job_id)) < COUNT:
        return True
    signal_all(workers, signal.SIGCONT)
    return course.ended


def signal_all(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)


def drawn(host: Host, course: Course) -> Files:
    """The files that a logo job has drawn so far: what tells each from one that was written again."""
    folder = host.data / "files" / "tmp" / course.job_id
    found = {path.stem: path.stat() for path in folder.glob("logo-*.png")}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in found.items()}


def is_one_continuous_sequence(course: Course) -> None:
    assert course.seqs == list(range(1, len(course.events) + 1))
    attempts = [data["attempt"] for _, data in course.events]
    assert attempts == sorted(attempts)
    names = [name for name, _ in course.events if name != "job:progress"]
    assert names == ["job:queued", "job:started", "job:queued", "job:started", "job:complete"]
    for attempt in (1, 2):
        percents = [data["progress"] for data in course.progress if data["attempt"] == attempt]
        assert percents == sorted(percents)


def what_was_finished_was_not_done_again(host: Host, course: Course, steps: Steps, files: Files) -> None:
    rows = Rows(host.data)
    after, now = rows.steps(course.job_id), drawn(host, course)
    assert {name: after[name] for name in steps} == steps
    assert {name: now[name] for name in steps} == {name: files[name] for name in steps}
    assert sorted(after) == [f"logo-{index}" for index in range(COUNT)]
    attempts = rows.read("SELECT status FROM job_attempts WHERE job_id = ? ORDER BY number", course.job_id)
    assert [row["status"] for row in attempts] == ["rescued", "complete"]
    assert rows.job(course.job_id)["failures"] == 0  # a rescue costs no attempt


def the_result_is_right(user: Caller, course: Course) -> None:
    job = user.job(course.job_id)
    assert (job["status"], job["attempt"], job["result"]) == ("complete", 2, course.events[-1][1]["result"])
    assert sorted(logo["metadata"]["index"] for logo in course.logos) == list(range(COUNT))
    assert [upload["status"] for upload in user.uploads(course.job_id)] == ["complete"] * COUNT
    assets = user.get(f"/api/v1/brands/{job['brandId']}/assets")["assets"]
    assert sorted(asset["id"] for asset in assets) == sorted(logo["id"] for logo in course.logos)


async def test_a_killed_supervisor_takes_everything_with_it_and_the_next_one_goes_on(
    launch: Launch, figure: Callable[[str], None]
) -> None:
    host = launch("--workers", "1").start()
    host.process.kill()
    assert host.wait() == -signal.SIGKILL
    await eventually(lambda: not host.left(), within_s=45)

    host.start()
    figure(f"workhall up: ready after {host.started_in_s:.2f} s on a folder that is in use")
    with Caller.admin(host) as admin:
        assert admin.get("/health/ready")["status"] == "ready"
    assert host.stop() == 0, host.log
    assert host.left() == {}
    assert "did not end in time" not in host.log


def test_a_second_up_on_the_same_folder_refuses(host: Host) -> None:
    second = host.command("up", "--port", "0")
    assert (second.code, second.out) == (1, "")
    assert second.err.startswith("Workhall is already running on ")
    assert host.url in second.err
    assert second.err.count("\n") == 1
