"""Attempts in time: retries after exactly their back-off, snoozes, time-outs, delays."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Iterable, Sequence

from workhall.jobs.messages import LoggedEvent
from workhall.sdk import JobContext, PermanentError, Retry, RetryAfter, Snooze, fixed

from tests.integration.engine.hosting import Host, fields


def assert_on_time(starts_ms: Iterable[int], due_ms: Iterable[int]) -> None:
    """Never early, and the median at most 100 ms late: a busy machine may hold up a single one."""
    late = [start - due for start, due in zip(starts_ms, due_ms, strict=True)]
    assert min(late) >= -2, f"some started too early: {late} ms"
    assert statistics.median(late) <= 100, f"they started late: {late} ms"


def at(log: Sequence[LoggedEvent], name: str) -> list[int]:
    """When the events of that name happened, in epoch ms."""
    return [event.at_ms for event in log if event.name == name]


async def test_retries_come_after_exactly_their_back_off(host: Host) -> None:
    async def fail(job: JobContext) -> None:
        raise RuntimeError(f"boom {job.attempt}")

    host.serve(fail, retry=Retry(attempts=3, backoff=fixed(0.3)))
    async with host.working():
        job_ids = [await host.submit() for _ in range(3)]
        rows = [await host.ended(job_id) for job_id in job_ids]
    starts, due = [], []
    for job_id, row in zip(job_ids, rows, strict=True):
        assert (row["status"], row["failures"], row["claim_no"], row["error"]) == ("failed", 3, 3, "boom 3")
        assert await host.attempts(job_id) == [(1, "failed"), (2, "failed"), (3, "failed")]
        log = await host.log(job_id)
        assert [event.name for event in log] == ["job:queued", *["job:started", "job:failed"] * 3]
        failures = [fields(event) for event in log if event.name == "job:failed"]
        assert [failure["retriesLeft"] for failure in failures] == [2, 1, 0]
        announced = [failure["nextAttemptAt"] for failure in failures]
        assert announced == [failures[0]["timestamp"] + 300, failures[1]["timestamp"] + 300, None]
        starts += at(log, "job:started")[1:]
        due += announced[:2]
    assert_on_time(starts, due)


async def test_a_retry_is_on_time_while_another_queue_keeps_claiming(host: Host) -> None:
    """The answer to a claim speaks for the queues asked; it must not put off what another queue waits for."""

    async def fail_once(job: JobContext) -> None:
        if job.attempt == 1:
            raise RuntimeError("boom")

    async def noop(job: JobContext) -> None:
        pass

    host.serve(fail_once, "a", concurrency=1, retry=Retry(attempts=2, backoff=fixed(0.3)))
    host.serve(noop, "b", concurrency=1)
    async with host.working():
        late = await host.submit("b", delay_s=30)
        job_id = await host.submit("a")
        await host.reached(job_id, "retrying")
        await host.ended(await host.submit("b"))
        await host.ended(job_id)
        assert (await host.job(late))["status"] == "scheduled"
    failed, started = [event.at_ms for event in await host.log(job_id) if event.name in ("job:failed", "job:started")][
        1:
    ]
    assert abs(started - failed - 300) <= 100


async def test_retry_after_waits_as_long_as_it_says_and_counts(host: Host) -> None:
    async def busy(job: JobContext) -> str:
        if job.attempt == 1:
            raise RetryAfter(0.2, "The provider is busy.")
        return "ok"

    host.serve(busy, retry=Retry(attempts=2, backoff=fixed(30)))
    async with host.working():
        job_ids = [await host.submit() for _ in range(3)]
        rows = [await host.ended(job_id) for job_id in job_ids]
    assert {(row["status"], row["failures"], row["result"]) for row in rows} == {("complete", 1, "ok")}
    logs = [await host.log(job_id) for job_id in job_ids]
    assert {fields(log[2])["error"] for log in logs} == {"The provider is busy."}
    assert_on_time([log[3].at_ms for log in logs], [log[2].at_ms + 200 for log in logs])


async def test_a_snooze_costs_no_attempt(host: Host) -> None:
    async def patient(job: JobContext) -> int:
        if job.attempt < 3:
            raise Snooze(0.1, "Not yet")
        return job.attempt

    host.serve(patient, retry=Retry(attempts=1))
    async with host.working():
        job_ids = [await host.submit() for _ in range(2)]
        rows = [await host.ended(job_id) for job_id in job_ids]
    assert {(row["status"], row["failures"], row["result"]) for row in rows} == {("complete", 0, 3)}
    starts, due = [], []
    for job_id in job_ids:
        assert await host.attempts(job_id) == [(1, "snoozed"), (2, "snoozed"), (3, "complete")]
        log = await host.log(job_id)
        assert [event.name.removeprefix("job:") for event in log] == [*["queued", "started"] * 3, "complete"]
        for snoozed in (fields(log[2]), fields(log[4])):
            assert (snoozed["status"], snoozed["message"]) == ("scheduled", "Not yet")
            assert snoozed["runAt"] == snoozed["timestamp"] + 100
            due.append(snoozed["runAt"])
        starts += at(log, "job:started")[1:]
    assert_on_time(starts, due)


async def test_a_permanent_error_fails_at_once_and_leaves_a_dead_letter(host: Host) -> None:
    async def refuse(job: JobContext) -> None:
        raise PermanentError("There is no such planet.")

    host.serve(refuse, retry=Retry(attempts=5))
    async with host.working():
        job_id = await host.submit(text="Vulcan")
        row = await host.ended(job_id)
    assert (row["status"], row["error"], row["claim_no"]) == ("failed", "There is no such planet.", 1)
    last = fields((await host.log(job_id))[-1])
    assert (last["retriesLeft"], last["nextAttemptAt"], last["cancelled"]) == (0, None, False)
    (letter,) = await host.dead_letters()
    assert (letter["original_job_id"], letter["original_queue"], letter["attempts"]) == (job_id, "q", 1)
    assert letter["original_data"] == '{"n":0,"text":"Vulcan"}'
    assert "test 1" in letter["stack"], "plugin and version stand in the record"
    assert "in refuse" in letter["stack"]


async def test_an_attempt_that_takes_too_long_is_stopped(host: Host) -> None:
    stopped = asyncio.Event()

    async def slow(job: JobContext) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    host.serve(slow, timeout=0.2, retry=Retry(attempts=1))
    async with host.working():
        job_id = await host.submit()
        row = await host.ended(job_id)
    assert stopped.is_set()
    assert (row["status"], row["error"]) == ("failed", "The attempt took longer than its 0.2 s.")
    _, started, failed = await host.log(job_id)
    assert 200 <= failed.at_ms - started.at_ms < 1000


async def test_a_delayed_job_starts_on_time(host: Host) -> None:
    async def noop(job: JobContext) -> None:
        pass

    host.serve(noop)
    async with host.working():
        job_ids = [await host.submit(delay_s=delay_s) for delay_s in (0.8, 0.4, 0.6)]
        assert (await host.job(job_ids[0]))["status"] == "scheduled"
        await host.all_ended()
    logs = [await host.log(job_id) for job_id in job_ids]
    assert {fields(queued)["status"] for queued, _, _ in logs} == {"scheduled"}
    assert_on_time([started.at_ms for _, started, _ in logs], [fields(queued)["runAt"] for queued, _, _ in logs])
