"""kill -9 of any process, and the ends of ``up``: nothing is lost, nothing is left."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import psutil

from tests.fixtures.waiting import eventually
from tests.integration.realtime.clients import PythonClient

from .course import Course, begin, until_end
from .people import Caller, logo_request
from .rows import Rows
from .system import Host

COUNT = 8
ANOTHER_ATTEMPT_WITHIN_S = 15
Launch = Callable[..., Host]


def pictures(host: Host, job_id: str) -> dict[str, tuple[int, int]]:
    """The files that a logo job has drawn so far: what tells each from one that was written again."""
    folder = host.data / "files" / "tmp" / job_id
    found = {path.stem: path.stat() for path in folder.glob("logo-*.png")}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in found.items()}


def yielding(pids: set[int]) -> set[int]:
    """Let everybody else go first, so that the first logo is heard of before the last one is drawn."""
    for pid in pids:
        psutil.Process(pid).nice(19)
    return pids


def kill_all(pids: set[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


async def test_a_job_survives_the_death_of_every_worker(launch: Launch, figure: Callable[[str], None]) -> None:
    host = launch("--workers", "2").start()
    with Caller.admin(host) as admin, Caller.user(host) as user:
        admin.grant(user, 40)
        client = PythonClient()
        workers = yielding(host.workers())
        assert len(workers) == 2
        try:
            course = await begin(client, user, logo_request(user.brand(), count=COUNT))
            await client.until(lambda: any(data["status"] == "generating" for data in course.progress))
            kill_all(workers)
            killed = time.monotonic()
            steps, drawn = Rows(host.data).steps(course.job_id), pictures(host, course.job_id)
            assert 1 <= len(steps) < COUNT  # it was in the middle
            await client.until(lambda: course.events[-1][1]["attempt"] == 2)
            waited = time.monotonic() - killed
            await until_end(client)
        finally:
            await client.close()
        figure(f"kill -9 of every worker: another attempt after {waited:.1f} s")
        assert waited < ANOTHER_ATTEMPT_WITHIN_S
        is_one_continuous_sequence(course)
        what_was_finished_was_not_done_again(host, course, steps, drawn)
        the_result_is_right(user, course)
        assert user.credits() == {"creditsRemaining": 40 - COUNT, "creditsUsed": COUNT, "creditsReserved": 0}
    assert host.stop() == 0, host.log
    assert host.left() == {}


def is_one_continuous_sequence(course: Course) -> None:
    assert course.seqs == list(range(1, len(course.events) + 1))
    attempts = [data["attempt"] for _, data in course.events]
    assert attempts == sorted(attempts)
    names = [name for name, data in course.events if name != "job:progress"]
    assert names == ["job:queued", "job:started", "job:queued", "job:started", "job:complete"]
    for attempt in (1, 2):
        percents = [data["progress"] for data in course.progress if data["attempt"] == attempt]
        assert percents == sorted(percents)


def what_was_finished_was_not_done_again(
    host: Host, course: Course, steps: dict[str, dict[str, Any]], drawn: dict[str, tuple[int, int]]
) -> None:
    rows = Rows(host.data)
    after = rows.steps(course.job_id)
    assert {name: after[name] for name in steps} == steps
    assert sorted(after) == [f"logo-{index}" for index in range(COUNT)]
    now = pictures(host, course.job_id)
    assert {name: now[name] for name in steps} == {name: drawn[name] for name in steps}
    attempts = rows.read("SELECT number, status FROM job_attempts WHERE job_id = ? ORDER BY number", course.job_id)
    assert attempts == [{"number": 1, "status": "rescued"}, {"number": 2, "status": "complete"}]
    assert rows.job(course.job_id)["failures"] == 0  # a rescue costs no attempt


def the_result_is_right(user: Caller, course: Course) -> None:
    job = user.job(course.job_id)
    assert (job["status"], job["attempt"], job["result"]) == ("complete", 2, course.events[-1][1]["result"])
    assert sorted(logo["metadata"]["index"] for logo in course.logos) == list(range(COUNT))
    assert [upload["status"] for upload in user.uploads(course.job_id)] == ["complete"] * COUNT
    assets = user.get(f"/api/v1/brands/{job['brandId']}/assets")["assets"]
    assert {asset["id"] for asset in assets} == {logo["id"] for logo in course.logos}
    assert len(assets) == COUNT


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
