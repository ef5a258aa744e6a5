"""Who is charged for a death, by what the dead worker left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from workhall.engine.flight_file import LOOP, RECORD_BYTES, FlightFile, FlightRecord, Suspect, read_flight, record_of
from workhall.supervisor.keeper import Keeper, RestartWaits
from workhall.supervisor.post_mortem import Finding, find_cause, find_suspects, tidy
from workhall.supervisor.workers import Arguments, Died, Workers

from tests.fixtures.waiting import eventually

ID = "0197b5a0-0000-7000-8000-000000000000"
LOOP_JOB, THREAD_JOB = Suspect(f"a-{ID}", 1, 0x10), Suspect(f"b-{ID}", 2, 0x20)


def left(*executing: Suspect, verdict: str = "", accused: tuple[Suspect, ...] = (), stacks: str = "") -> FlightRecord:
    return FlightRecord("host-1-abcdef", executing, verdict, accused, {}, stacks)


@pytest.mark.parametrize(
    ("record", "code", "cause"),
    [
        (left(), -signal.SIGSEGV, "SIGSEGV"),
        (left(), -signal.SIGABRT, "SIGABRT"),
        (left(), -signal.SIGKILL, ""),
        (left(), -signal.SIGTERM, ""),
        (left(), 3, "exit code 3"),
        (left(), 0, "exit code 0"),
        (left(stacks="Timeout (0:00:05)!\nThread 0x1"), 1, "GIL held"),
        (left(verdict="time-out ignored"), 86, "time-out ignored"),
    ],
)
def test_the_cause_is_a_few_words_and_none_where_somebody_else_killed_it(
    record: FlightRecord, code: int, cause: str
) -> None:
    assert find_cause(record, code) == cause


def test_the_thread_that_crashed_tells_one_suspect_from_the_others() -> None:
    stacks = "Fatal Python error: Segmentation fault\n\nThread 0x10 (most recent call first):\n\nCurrent thread 0x{} (…"
    both = (LOOP_JOB, THREAD_JOB)
    assert find_suspects(left(*both, stacks=stacks.format("0000000000000020"))) == [THREAD_JOB]
    assert find_suspects(left(*both, stacks=stacks.format("10"))) == [LOOP_JOB]
    assert find_suspects(left(*both, stacks=stacks.format("30"))) == []
    assert find_suspects(left(*both)) == list(both)


def test_the_watchdog_s_word_counts_before_what_was_executing() -> None:
    assert find_suspects(left(LOOP_JOB, verdict="time-out ignored", accused=(THREAD_JOB,))) == [THREAD_JOB]


def test_two_threads_of_one_attempt_are_one_suspect() -> None:
    assert len(find_suspects(left(THREAD_JOB, THREAD_JOB._replace(thread=0x30)))) == 1


def test_a_flight_file_is_read_after_kill_9(tmp_path: Path) -> None:
    code = f"""
import os, signal, sys
from pathlib import Path
from workhall.engine.flight_file import LOOP, RECORD_BYTES, FlightFile, Suspect, record_of
file = FlightFile(Path({str(tmp_path)!r}), f"my-host.example.com-{{os.getpid()}}-abcdef", {{"a": {{"kind": "fixed"}}}})
file.records[LOOP:LOOP + RECORD_BYTES] = record_of(Suspect({LOOP_JOB.job_id!r}, 1, 16))
file.accuse("why", [Suspect({THREAD_JOB.job_id!r}, 2, 32)])
os.kill(os.getpid(), signal.SIGKILL)
"""
    process = subprocess.Popen([sys.executable, "-c", code])
    assert process.wait(20) == -signal.SIGKILL
    found = read_flight(tmp_path, process.pid)
    assert found is not None
    assert (found.executing, found.verdict, found.accused) == ((LOOP_JOB,), "why", (THREAD_JOB,))
    assert found.backoffs == {"a": {"kind": "fixed"}}
    tidy(tmp_path)
    assert read_flight(tmp_path, process.pid) is None


def test_a_living_worker_s_file_is_left_alone(tmp_path: Path) -> None:
    file = FlightFile(tmp_path, f"host-{os.getpid()}-abcdef", {})
    file.records[LOOP : LOOP + RECORD_BYTES] = record_of(LOOP_JOB._replace(thread=threading.get_ident()))
    tidy(tmp_path)
    assert read_flight(tmp_path, os.getpid()) is not None
    file.remove()
    assert list(tmp_path.iterdir()) == []


class Inquest:
    """Says of each death what a test wants."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = list(findings)

    async def examine(self, _redis_url: str, _pid: int, _code: int) -> Finding:
        return self.findings.pop(0)


async def test_unclear_deaths_of_an_isolated_queue_make_it_go_one_at_a_time_for_one_life(tmp_path: Path) -> None:
    started: list[tuple[str, ...]] = []

    def make(name: str, arguments: Arguments, died: Died, waits: RestartWaits) -> Keeper:
        async def launch() -> SimpleNamespace:
            started.append(arguments())
            raise OSError("not in this test")

        deaths[name] = died
        launches[name] = launch
        return Keeper(name, launch, died=died, waits=waits)  # type: ignore[arg-type]

    deaths: dict[str, Died] = {}
    launches: dict[str, object] = {}
    workers = Workers(SimpleNamespace(data_dir=tmp_path), "", make)  # type: ignore[arg-type]
    unclear, clear = Finding(frozenset({"a"}), unclear=True), Finding(frozenset({"a"}))
    workers._post_mortem = Inquest(unclear, clear)  # type: ignore[assignment]
    workers._isolate(["a"])
    await eventually(lambda: started == [("--queue", "a")])
    (keeper,) = workers
    await keeper.stop(0)
    for expected in (("--queue", "a", "--concurrency", "1"), ("--queue", "a")):
        await deaths["worker a"](1, -11)
        with pytest.raises(OSError, match="not in this test"):
            await launches["worker a"]()  # type: ignore[operator]
        assert started[-1] == expected
