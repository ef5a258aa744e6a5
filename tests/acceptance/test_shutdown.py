"""Graceful shutdown: the criteria AC-34 and AC-35 of the requirements (§9)."""

from __future__ import annotations

import re
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from tests.fixtures.waiting import eventually
from tests.integration.realtime.clients import PythonClient
from tests.unit.plugins.conftest import Site

from .course import Course
from .people import Caller
from .rehearsal import begin
from .rows import Rows
from .system import Host

Launch = Callable[..., Host]
Figure = Callable[[str], None]
IN_ORDER = ["workers closed", "queues closed", "sockets closed", "Redis closed"]
WORKER_IN_ORDER = ["workers closed", "queues closed", "connections closed"]
IDLE_DRAIN_S = 0.5
ENDS_WITHIN_S = 20  # of a system without a job; interpreters on a machine that is busy with other tests
TICKS = 25  # of the handler's loop, half a second: long after a worker has heard the signal
_CLOSED = re.compile(r"\] (?P<what>\w+ closed)\b.*\bprocess=(?P<quote>'?)(?P<process>[\w ]+)(?P=quote)")
_PLUGIN = {
    "__init__.py": """
        from uuid import UUID
        from pydantic import BaseModel
        from workhall import Processor, hookimpl

        class Gated(BaseModel):
            user_id: UUID
            gate: str

        @hookimpl
        def processors():
            handler = "workhall_gated.handlers:wait"
            return [Processor(queue="gated", payload=Gated, handler=handler, dispatch="user", concurrency=5)]
        """,
    "handlers.py": """
        import asyncio
        import os

        async def wait(job):
            await job.progress(10, "At work", stage="working")
            while not os.path.exists(job.payload.gate):
                await asyncio.sleep(0.02)
                with open(job.payload.gate + ".ticks", "a") as ticks:
                    ticks.write(".")
            await job.progress(90, "Nearly done", stage="finishing")
            return {"finishedBy": os.getpid()}
        """,
}


def closings(log: str, process: str) -> list[str]:
    """What one process logged as closed, in the order of its lines."""
    found = [_CLOSED.search(line) for line in log.splitlines()]
    return [match["what"] for match in found if match is not None and match["process"] == process]


def answers(url: str) -> bool:
    """Whether something accepts connections there."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


async def test_ac_34_sigterm_closes_workers_queues_sockets_and_redis_in_this_order(
    launch: Launch, figure: Figure
) -> None:
    host = launch("--workers", "2").start()
    redis_url, workers = host.running["redis_url"], host.workers()
    assert len(workers) == 2
    assert answers(host.url)
    assert answers(redis_url)

    began = time.monotonic()
    host.process.send_signal(signal.SIGTERM)

    async def until(count: int, process: str) -> float:
        """Wait until a process has logged so many ends; returns the time since the signal."""
        await eventually(lambda: len(closings(host.log, process)) >= count, ENDS_WITHIN_S)
        return time.monotonic() - began

    drained = [await until(len(WORKER_IN_ORDER), f"worker {number}") for number in (1, 2)]
    left = await until(1, "supervisor")
    assert not any(psutil.pid_exists(pid) for pid in workers), "it says closed of what is gone"
    await until(3, "supervisor")
    assert not answers(host.url)
    closed = await until(4, "supervisor")
    assert not answers(redis_url)
    assert host.wait() == 0, host.log
    ended = time.monotonic() - began

    assert closings(host.log, "supervisor") == IN_ORDER
    assert [closings(host.log, f"worker {number}") for number in (1, 2)] == [WORKER_IN_ORDER] * 2
    assert host.left() == {}
    assert "Traceback" not in host.log
    figure(
        f"SIGTERM of an idle system: workers drained after {max(drained) * 1000:.0f} ms, their processes gone after "
        f"{left:.2f} s, Redis closed after {closed:.2f} s, exit after {ended:.2f} s"
    )
    assert max(drained) < IDLE_DRAIN_S


async def test_ac_35_a_running_job_finishes_before_its_worker_closes(
    launch: Launch, tmp_path: Path, figure: Figure
) -> None:
    site, gate = tmp_path / "site", tmp_path / "gate"
    Site(site).add("gated", _PLUGIN)
    host, client = launch("--workers", "1", PYTHONPATH=str(site)).start(), PythonClient()
    redis_url, (worker,) = host.running["redis_url"], host.workers()
    with Caller.user(host) as user:
        try:
            await client.connect(host.url, user.token)
            course = await begin(client, user, "gated", {"gate": str(gate)})
            await client.until(lambda: "working" in course.stages)
            await eventually((tmp_path / "gate.ticks").exists)
            host.process.send_signal(signal.SIGTERM)
            await eventually(lambda: not (host.data / "run.json").exists())  # the drain has begun
            await ticked(tmp_path / "gate.ticks")

            assert user.job(course.job_id)["status"] == "processing", "clients can still ask"
            assert answers(redis_url)
            assert host.workers() == {worker}
            assert "closed" not in host.log
            late = user.post("/api/v1/jobs/gated", {"gate": str(gate)}, 202)["jobId"]
            opened = time.monotonic()
            gate.touch()
            await course.until_end()
        finally:
            await client.close()
    assert host.wait() == 0, host.log
    figure(f"SIGTERM of a busy system: exit {time.monotonic() - opened:.2f} s after its job could finish")

    finished_once(course, Rows(host.data), worker)
    assert closings(host.log, "supervisor") == IN_ORDER
    assert closings(host.log, "worker 1") == WORKER_IN_ORDER
    assert host.left() == {}
    late_row = Rows(host.data).job(late)
    assert (late_row["status"], late_row["claim_no"]) == ("queued", 0), "a worker that drains begins nothing"


async def ticked(ticks: Path) -> None:
    """Wait until the job's handler has gone on for a while."""
    before = ticks.stat().st_size
    await eventually(lambda: ticks.stat().st_size >= before + TICKS)


def finished_once(course: Course, rows: Rows, worker: int) -> None:
    """The job ended in its first attempt, in the worker that was asked to stop, and its client saw all of it."""
    assert course.seqs == list(range(1, len(course.events) + 1))
    names = [name for name, _ in course.events if name != "job:progress"]
    assert names == ["job:queued", "job:started", "job:complete"]
    last: dict[str, Any] = course.events[-1][1]
    assert last["result"] == {"finishedBy": worker}
    row = rows.job(course.job_id)
    assert (row["status"], row["claim_no"], row["failures"]) == ("complete", 1, 0)
    attempts = rows.read("SELECT number, status FROM job_attempts WHERE job_id = ?", course.job_id)
    assert attempts == [{"number": 1, "status": "complete"}]
