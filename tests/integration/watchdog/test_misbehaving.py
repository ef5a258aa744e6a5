"""What a handler can do to its process: it is named in its row, its neighbours pay nothing, its queue moves out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.waiting import eventually
from tests.integration.watchdog.conftest import Bench

BEHAVIOUR = {
    "crashing": "SIGSEGV",
    "crashing-thread": "SIGSEGV",
    "exiting": "exit code 0",
    "blocking": "event loop blocked past the time-out",
    "gil-holding": "GIL held",
    "deaf": "time-out ignored",
    "hungry": "memory over 450 MB",
}


@pytest.mark.parametrize(("queue", "cause"), BEHAVIOUR.items())
async def test_a_culprit_is_named_and_moves_out_and_its_neighbour_pays_nothing(
    bench: Bench, until: Path, queue: str, cause: str
) -> None:
    neighbour = bench.submit("good", until=str(until))
    await bench.reached(neighbour, "processing")
    culprit = bench.submit(queue)
    row = await bench.reached(culprit, "complete")

    error = f"worker died: {cause} while running this job"
    assert bench.attempts(culprit) == [("failed", error), ("complete", None)]
    assert (row["failures"], row["deaths"]) == (1, 1)
    assert bench.is_isolated(queue)
    assert f'"--queue","{queue}"' in row["result"]

    until.touch()
    innocent = await bench.reached(neighbour, "complete")
    assert (innocent["failures"], innocent["deaths"]) == (0, 0)
    statuses = [status for status, _ in bench.attempts(neighbour)]
    assert statuses == ["rescued", "complete"]
    assert not bench.is_isolated("good")
    sequence = bench.rows.read("SELECT seq, event FROM job_events WHERE job_id = ? ORDER BY seq", culprit)
    assert [found["seq"] for found in sequence] == list(range(1, row["last_seq"] + 1))
    assert [found["event"] for found in sequence if found["event"] == "job:failed"] == ["job:failed"]


async def test_a_thread_that_goes_on_past_its_time_out_costs_its_queue_the_shared_worker(bench: Bench) -> None:
    job_id = bench.submit("deaf-thread")
    await bench.reached(job_id, "complete")
    assert bench.attempts(job_id)[0] == ("failed", "The attempt took longer than its 1 s.")
    await eventually(lambda: bench.is_isolated("deaf-thread"), 15)


async def test_a_third_death_is_a_dead_letter_and_other_queues_go_on_meanwhile(bench: Bench) -> None:
    culprit = bench.submit("fatal")
    served = 0
    while bench.rows.job(culprit)["status"] != "failed":
        await bench.reached(bench.submit("good"), "complete", within_s=12)
        served += 1
    row = bench.rows.job(culprit)
    assert (row["deaths"], row["failures"]) == (3, 3)
    assert [status for status, _ in bench.attempts(culprit)] == ["failed"] * 3
    (letter,) = bench.rows.read("SELECT * FROM dead_letters WHERE original_job_id = ?", culprit)
    assert (letter["error"], letter["attempts"]) == ("worker died (SIGSEGV)", 3)
    assert "string_at" in letter["stack"]
    assert served > 3
    failed = bench.rows.read("SELECT data FROM job_events WHERE job_id = ? AND event = 'job:failed'", culprit)
    assert ['"retriesLeft":0,' in event["data"] for event in failed] == [False, False, True]
    assert len(bench.shared_workers()) == 1


async def test_a_stop_under_load_closes_in_order_and_the_next_start_goes_on(bench: Bench, until: Path) -> None:
    """Last in this module: it needs a queue that was isolated before."""
    host = bench.host
    running = [bench.submit("good", until=str(until)) for _ in range(12)]  # more than run at a time
    await bench.reached(running[0], "processing")
    began = len(host.log)
    assert host.stop() == 0, host.log
    told = [line for line in host.log[began:].splitlines() if "process=supervisor" in line and " closed" in line]
    assert [line.split("]")[1].split()[0] for line in told] == ["workers", "queues", "sockets", "Redis"]
    assert {bench.rows.job(job_id)["status"] for job_id in running} == {"queued"}

    host.start()
    await eventually(lambda: any("worker --queue fatal" in command for command in host.left().values()))
    until.touch()
    bench.caller.http.base_url = host.url
    for job_id in running:
        row = await bench.reached(job_id, "complete")
        assert (row["failures"], row["deaths"]) == (0, 0)
    assert bench.attempts(running[0])[0][0] == "handed-back"
