"""A worker process from claim to committed end: outcomes, retries, time, and its drain."""

from __future__ import annotations

import asyncio
import math
import time

import pytest
from pydantic import BaseModel
from tests.fixtures.waiting import eventually
from tests.integration.engine.hosting import Host, fields

from workhall.jobs.outcome import clean
from workhall.sdk import JobContext, PermanentError, Retry, RetryAfter, Snooze, fixed


class Shout(BaseModel):
    text: str
    loudness: float | None = None


async def test_a_job_runs_and_its_result_and_events_are_committed_and_announced(host: Host) -> None:
    async def shout(job: JobContext) -> dict:
        await job.progress(10, "Breathing in", stage="breathing", tool_name="lungs", volume=3)
        return {"text": job.payload.text.upper(), "loudness": 0.5}

    host.serve(shout, result=Shout)
    async with host.working():
        job_id = await host.submit(text="hey")
        row = await host.ended(job_id)
    assert (row["status"], row["progress"], row["stage"], row["error"]) == ("complete", 100, "breathing", None)
    assert row["result"] == {"text": "HEY", "loudness": 0.5}
    assert await host.attempts(job_id) == [(1, "complete")]
    queued, started, progress, complete = map(fields, await host.log(job_id))
    assert [queued["status"], started["status"], progress["status"]] == ["queued", "processing", "breathing"]
    assert (progress["progress"], progress["toolName"], progress["data"]) == (10, "lungs", {"volume": 3})
    assert complete["result"] == row["result"]
    assert [event["attempt"] for event in (queued, started, progress, complete)] == [0, 1, 1, 1]


async def test_everything_committed_is_in_the_stream_once_and_redis_keeps_nothing_of_the_job(host: Host, lua) -> None:
    async def noop(job: JobContext) -> None:
        await job.progress(50)

    host.serve(noop, concurrency=50)
    async with host.working() as worker:
        job_ids = [await host.submit() for _ in range(50)]
        await host.all_ended()
    sent = [(fields[b"j"].decode(), int(fields[b"s"])) for _, fields in lua.redis.xrange("socket:events")]
    assert sorted(sent) == sorted((job_id, seq) for job_id in job_ids for seq in (1, 2, 3, 4))
    for job_id in job_ids:
        assert [seq for sent_id, seq in sent if sent_id == job_id] == [1, 2, 3, 4]
    assert lua.ready() == lua.delayed() == []
    assert lua.claims(worker.worker_id) == set()
    assert lua.redis.zrange("saq:leases", 0, -1) == [], "a drained worker leaves nothing to look after"


async def test_retries_come_after_exactly_their_back_off(host: Host) -> None:
    async def fail(job: JobContext) -> None:
        raise RuntimeError(f"boom {job.attempt}")

    host.serve(fail, retry=Retry(attempts=3, backoff=fixed(0.3)))
    async with host.working():
        job_id = await host.submit()
        row = await host.ended(job_id)
    assert (row["status"], row["failures"], row["claim_no"], row["error"]) == ("failed", 3, 3, "boom 3")
    log = await host.log(job_id)
    names = [event.name for event in log]
    assert names == ["job:queued", *["job:started", "job:failed"] * 3]
    starts = [event.at_ms for event in log if event.name == "job:started"]
    failures = [fields(event) for event in log if event.name == "job:failed"]
    assert [failure["retriesLeft"] for failure in failures] == [2, 1, 0]
    assert [failure["nextAttemptAt"] is None for failure in failures] == [False, False, True]
    for failure, start in zip(failures, starts[1:], strict=False):
        assert failure["nextAttemptAt"] == failure["timestamp"] + 300
        assert abs(start - failure["timestamp"] - 300) <= 100
    assert await host.attempts(job_id) == [(1, "failed"), (2, "failed"), (3, "failed")]


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
    failed, started = [event.at_ms for event in await host.log(job_id) if event.name in ("job:failed", "job:started")][1:]
    assert abs(started - failed - 300) <= 100


async def test_retry_after_waits_as_long_as_it_says_and_counts(host: Host) -> None:
    async def busy(job: JobContext) -> str:
        if job.attempt == 1:
            raise RetryAfter(0.2, "The provider is busy.")
        return "ok"

    host.serve(busy, retry=Retry(attempts=2, backoff=fixed(30)))
    async with host.working():
        job_id = await host.submit()
        row = await host.ended(job_id)
    assert (row["status"], row["failures"], row["result"]) == ("complete", 1, "ok")
    _, _, failed, started, _ = await host.log(job_id)
    assert fields(failed)["error"] == "The provider is busy."
    assert abs(started.at_ms - failed.at_ms - 200) <= 100


async def test_a_snooze_costs_no_attempt(host: Host) -> None:
    async def patient(job: JobContext) -> int:
        if job.attempt < 3:
            raise Snooze(0.1, "Not yet")
        return job.attempt

    host.serve(patient, retry=Retry(attempts=1))
    async with host.working():
        job_id = await host.submit()
        row = await host.ended(job_id)
    assert (row["status"], row["failures"], row["result"]) == ("complete", 0, 3)
    assert await host.attempts(job_id) == [(1, "snoozed"), (2, "snoozed"), (3, "complete")]
    log = await host.log(job_id)
    snoozed = fields(log[2])
    assert (snoozed["status"], snoozed["message"]) == ("scheduled", "Not yet")
    assert snoozed["runAt"] == snoozed["timestamp"] + 100
    assert abs(log[3].at_ms - snoozed["runAt"]) <= 100


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


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


async def _failing_in_a_step(exit_with: BaseException, job: JobContext) -> None:
    def leave() -> int:
        raise exit_with

    await job.gather(job.step("leaving", leave, model=int))


@pytest.mark.parametrize("in_a_step", [False, True], ids=["plain", "in-a-step"])
@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (SystemExit(3), "3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (asyncio.CancelledError(), "CancelledError"),
        (StopAsyncIteration(), "StopAsyncIteration"),
        (GeneratorExit(), "GeneratorExit"),
        (RecursionError("deep"), "deep"),
        (Unprintable(), "Unprintable"),
        (ValueError("a\x00b \ud800"), "a\ufffdb ?"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
async def test_nothing_that_a_handler_raises_ends_the_worker(
    sqlite_host: Host, raised: BaseException, error: str, in_a_step: bool
) -> None:
    host = sqlite_host

    async def bad(job: JobContext) -> None:
        if in_a_step:
            await _failing_in_a_step(raised, job)
        raise raised

    async def good(job: JobContext) -> str:
        return "alive"

    host.serve(bad, "bad", retry=Retry(attempts=1))
    host.serve(good, "good")
    async with host.working():
        job_id = await host.submit("bad")
        row = await host.ended(job_id)
        assert (await host.ended(await host.submit("good")))["result"] == "alive"
    assert row["status"] == "failed"
    assert error in row["error"]


async def test_error_texts_fit_every_database(host: Host) -> None:
    async def bad(job: JobContext) -> None:
        raise RuntimeError("zero \x00 half \ud83d " + "x" * 100_000)

    host.serve(bad, retry=Retry(attempts=2, backoff=fixed(0)))
    async with host.working():
        job_id = await host.submit()
        row = await host.ended(job_id)
    assert row["status"] == "failed"
    assert row["error"].startswith("zero \ufffd half ? xxx")
    assert len(row["error"]) == 2000
    (letter,) = await host.dead_letters()
    assert len(letter["stack"]) <= 64_000


async def test_reported_texts_fit_every_database(host: Host) -> None:
    async def chatty(job: JobContext) -> dict:
        await job.progress(1, "a\x00b", stage="st\x00ge", remark="\x00")
        return {"message": "fine"}

    host.serve(chatty)
    async with host.working():
        job_id = await host.submit(text="\x00")
        row = await host.ended(job_id)
    assert (row["status"], row["stage"], row["message"]) == ("complete", clean("st\x00ge"), "fine")


def sync_shout(job: JobContext) -> dict:
    time.sleep(0.01)
    return {"text": job.payload.text.upper()}


async def test_a_sync_handler_runs_in_a_thread(host: Host) -> None:
    host.serve(f"{__name__}:sync_shout", result=Shout)
    async with host.working():
        row = await host.ended(await host.submit(text="hey"))
    assert row["result"]["text"] == "HEY"


@pytest.mark.parametrize(
    ("returned", "error"),
    [
        ({"loudness": 1}, "The handler's result does not fit its model: text: Field required"),
        ({"text": "a", "loudness": math.nan}, "The handler's result holds NaN or infinity, which JSON does not know."),
        (Shout(text="a", loudness=-math.inf), "The handler's result holds NaN or infinity, which JSON does not know."),
        ({"text": "x" * 1_100_000}, "The handler's result is larger than 1 MiB; store it as a file"),
        ({"text": "ä" * 600_000}, "The handler's result is larger than 1 MiB; store it as a file"),
        ({"text": "a\x00"}, "The handler's result holds a NUL character."),
        ({"text": "\ud800"}, "The handler's result"),
        (None, "The handler's result does not fit its model: the result:"),
    ],
    ids=["missing", "nan", "infinity", "large", "large-in-bytes", "nul", "surrogate", "none"],
)
async def test_a_result_that_is_none_fails_for_good(sqlite_host: Host, returned: object, error: str) -> None:
    host = sqlite_host

    async def odd(job: JobContext) -> object:
        return returned

    host.serve(odd, result=Shout)
    async with host.working():
        row = await host.ended(await host.submit())
    assert (row["status"], row["claim_no"]) == ("failed", 1)
    assert row["error"].startswith(error)


@pytest.mark.parametrize(
    ("returned", "stored"),
    [({"a": math.inf}, None), ({"a", "b"}, None), ([1, None, "\\u0000"], [1, None, "\\u0000"]), (None, None)],
    ids=["infinity", "set", "looks-odd", "none"],
)
async def test_without_a_model_a_result_must_be_json(sqlite_host: Host, returned: object, stored: object) -> None:
    host = sqlite_host

    async def odd(job: JobContext) -> object:
        return returned

    host.serve(odd)
    async with host.working():
        row = await host.ended(await host.submit())
    assert row["result"] == stored
    assert (row["status"] == "complete") == (stored == returned)


async def test_an_end_that_the_database_refuses_ends_as_a_failure(host: Host) -> None:
    async def heavy(job: JobContext) -> dict:
        return {"message": job.payload.text}

    host.serve(heavy)
    await refuse_results(host, "unwanted")
    async with host.working():
        bad, good = await host.submit(text="unwanted"), await host.submit(text="fine")
        row = await host.ended(bad)
        assert (await host.ended(good))["result"] == {"message": "fine"}
    assert row["status"] == "failed"
    assert "unwanted result" in row["error"]


async def refuse_results(host: Host, word: str) -> None:
    """Have the database itself refuse results that hold ``word``, as a full disk or a constraint might."""
    if host.store.database.dialect == "sqlite":
        statements = [
            f"CREATE TRIGGER refuse BEFORE UPDATE ON job_data WHEN NEW.result LIKE '%{word}%' "
            f"BEGIN SELECT RAISE(ABORT, '{word} result'); END"
        ]
    else:
        statements = [
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF NEW.result LIKE '%{word}%' THEN RAISE EXCEPTION '{word} result'; END IF; RETURN NEW; END $$",
            "CREATE OR REPLACE TRIGGER refuse BEFORE UPDATE ON job_data FOR EACH ROW EXECUTE FUNCTION refuse()",
        ]
    for statement in statements:
        await host.store.database.write(lambda connection, text=statement: connection.exec_driver_sql(text))


async def test_a_stored_payload_that_fits_no_more_fails_plainly(host: Host) -> None:
    class Newer(BaseModel):
        size: int

    async def never(job: JobContext) -> None:
        raise AssertionError("must not run")

    host.serve(never)
    job_id = await host.submit(text="old")
    host.serve(never, payload=Newer)
    async with host.working():
        row = await host.ended(job_id)
    assert row["error"] == "The payload does not fit the installed plugin's schema: size: Field required"
    assert (row["status"], row["failures"]) == ("failed", 1)


async def test_a_delayed_job_starts_on_time(host: Host) -> None:
    async def noop(job: JobContext) -> None:
        pass

    host.serve(noop)
    async with host.working():
        job_id = await host.submit(delay_s=0.4)
        assert (await host.job(job_id))["status"] == "scheduled"
        await host.ended(job_id)
    queued, started, _ = await host.log(job_id)
    assert fields(queued)["status"] == "scheduled"
    assert abs(started.at_ms - fields(queued)["runAt"]) <= 100


async def test_jobs_start_in_the_order_of_their_priority(host: Host) -> None:
    order: list[int] = []

    async def note(job: JobContext) -> None:
        order.append(job.payload.n)

    host.serve(note, concurrency=1)
    wishes = [(1, 9), (2, 5), (3, 5), (4, 0), (5, 1000)]
    for number, priority in wishes:
        await host.submit(n=number, priority=priority)
    await host.dispatcher.flushed()
    async with host.working():
        await host.all_ended()
    assert order == [4, 2, 3, 1, 5]


async def test_no_more_jobs_run_at_once_than_the_processor_allows(host: Host) -> None:
    running = most = 0

    async def careful(job: JobContext) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.005)
        running -= 1

    host.serve(careful, concurrency=3)
    for _ in range(30):
        await host.submit()
    async with host.working():
        await host.all_ended()
    assert most == 3


async def test_a_drain_lets_a_running_job_finish(host: Host) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(job: JobContext) -> str:
        started.set()
        await go_on.wait()
        await job.progress(99)
        return "finished"

    host.serve(slow)
    async with host.working():
        job_id = await host.submit()
        await asyncio.wait_for(started.wait(), 5)
        asyncio.get_running_loop().call_later(0.2, go_on.set)
    row = await host.job(job_id)
    assert (row["status"], row["result"], row["claim_no"]) == ("complete", "finished", 1)


async def test_a_drain_hands_a_longer_job_back_uncharged_and_it_runs_elsewhere(host: Host) -> None:
    started = asyncio.Event()

    async def slow(job: JobContext) -> int:
        if job.attempt == 1:
            started.set()
            await asyncio.sleep(60)
        return job.attempt

    host.serve(slow, retry=Retry(attempts=1))
    async with host.worker(grace_s=0.1).running():
        job_id = await host.submit()
        await asyncio.wait_for(started.wait(), 5)
        begun = time.monotonic()
    assert time.monotonic() - begun < 2
    assert (await host.job(job_id))["status"] == "queued"
    assert await host.attempts(job_id) == [(1, "handed-back")]
    async with host.working():
        begun = time.monotonic()
        row = await host.ended(job_id)
    assert time.monotonic() - begun < 1, "it went back to the queue; nobody had to rescue it"
    assert (row["status"], row["result"], row["failures"]) == ("complete", 2, 0)
    assert await host.names(job_id) == ["queued", "started", "queued", "started", "complete"]


async def test_a_handler_that_answers_its_cancellation_with_an_error_is_handed_back_too(host: Host) -> None:
    started = asyncio.Event()

    async def touchy(job: JobContext) -> None:
        try:
            started.set()
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise ConnectionError("the client library says: connection closed") from None

    host.serve(touchy, retry=Retry(attempts=1))
    async with host.worker(grace_s=0.05).running():
        job_id = await host.submit()
        await asyncio.wait_for(started.wait(), 5)
    row = await host.job(job_id)
    assert (row["status"], row["failures"]) == ("queued", 0)


async def test_a_handler_that_will_not_end_does_not_hold_up_the_drain(sqlite_host: Host) -> None:
    host = sqlite_host
    started, release = asyncio.Event(), asyncio.Event()

    async def stubborn(job: JobContext) -> None:
        started.set()
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    host.serve(stubborn)
    worker = host.worker(grace_s=0.05)
    async with worker.running():
        job_id = await host.submit()
        await asyncio.wait_for(started.wait(), 5)
        begun = time.monotonic()
    assert time.monotonic() - begun < 6
    assert (await host.job(job_id))["worker_id"] == worker.worker_id
    release.set()


async def test_a_worker_that_stops_at_once_ends(host: Host) -> None:
    host.serve(test_a_worker_that_stops_at_once_ends)
    async with asyncio.timeout(5), host.working():
        pass


async def test_claims_that_come_in_during_the_drain_are_given_back(host: Host) -> None:
    ran: list[str] = []

    async def note(job: JobContext) -> None:
        ran.append(job.id)

    host.serve(note, concurrency=100)
    for _ in range(5):
        async with host.working():
            job_ids = [await host.submit() for _ in range(20)]
    async with host.working():
        await host.all_ended()
    assert len(ran) == len(set(ran)) == 100
    rows = [await host.job(job_id) for job_id in job_ids]
    assert {(row["status"], row["claim_no"]) for row in rows} == {("complete", 1)}


async def test_a_job_that_was_taken_over_changes_nothing_and_tells_its_handler(host: Host) -> None:
    at_work, taken = asyncio.Event(), asyncio.Event()
    told: list[BaseException] = []

    async def slow(job: JobContext) -> str:
        if job.attempt == 1:
            at_work.set()
            await taken.wait()
            try:
                await job.progress(50, "still here")
            except BaseException as error:
                told.append(error)
                raise
        return f"attempt {job.attempt}"

    host.serve(slow)
    async with host.working():
        job_id = await host.submit()
        await asyncio.wait_for(at_work.wait(), 5)
        await rescue(host, job_id)
        row = await host.ended(job_id)
        taken.set()
        await eventually(lambda: told)
    assert row["result"] == "attempt 2"
    assert "taken" in str(told[0])
    assert await host.names(job_id) == ["queued", "started", "queued", "started", "complete"]


async def rescue(host: Host, job_id: str) -> None:
    """What another worker's reconciler does when it takes this one for dead."""
    from workhall.engine.repairs import Repairs

    await Repairs(host.store, host.dispatcher).rescue(await host.store.states([job_id]), "the test says so")
