"""Steps: work that is done once per job, whatever happens to its attempts."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from pydantic import BaseModel
from sqlalchemy import select
from workhall.jobs.cancel import Canceller
from workhall.jobs.tables import job_steps
from workhall.sdk import JobContext, Retry, fixed

from tests.integration.engine.hosting import Host
from tests.integration.engine.test_worker_process import rescue

TWICE = {"retry": Retry(attempts=2, backoff=fixed(0))}


class Picture(BaseModel):
    key: str
    size: tuple[int, int]


async def test_finished_steps_are_not_run_again(host: Host) -> None:
    calls: Counter[str] = Counter()

    async def paint(job: JobContext) -> list:
        async def one(name: str) -> Picture:
            calls[name] += 1
            if name == "b" and job.attempt == 1:
                raise RuntimeError("the brush broke")
            return Picture(key=name, size=(job.attempt, 2))

        return await job.gather(
            *(job.step(name, lambda name=name: one(name), model=Picture) for name in ("a", "b", "c"))
        )

    async def show(job: JobContext) -> list:
        return [picture.model_dump() for picture in await paint(job)]

    host.serve(show, **TWICE)
    async with host.working():
        row = await host.ended(await host.submit())
    assert row["result"] == [{"key": "a", "size": [1, 2]}, {"key": "b", "size": [2, 2]}, {"key": "c", "size": [1, 2]}]
    assert calls == {"a": 1, "b": 2, "c": 1}


async def test_a_result_is_the_same_on_the_first_run_and_on_every_later_one(host: Host) -> None:
    seen: list[object] = []

    async def compare(job: JobContext) -> None:
        value = await job.step("pair", lambda: (1, "zwei\x00"), model=list)
        seen.append(value)
        if job.attempt == 1:
            raise RuntimeError("again")

    host.serve(compare, **TWICE)
    async with host.working():
        await host.ended(await host.submit())
    assert seen == [[1, "zwei\x00"], [1, "zwei\x00"]]


async def test_a_step_name_serves_once_in_an_attempt(host: Host) -> None:
    async def twice(job: JobContext) -> None:
        await job.step("same", lambda: 1, model=int)
        await job.step("same", lambda: 2, model=int)

    host.serve(twice, retry=Retry(attempts=1))
    async with host.working():
        row = await host.ended(await host.submit())
    assert row["error"] == 'The step name "same" is used twice in one attempt; give each step its own.'


async def test_a_result_that_does_not_fit_says_so(host: Host) -> None:
    async def wrong(job: JobContext) -> None:
        await job.step("count", lambda: "many", model=int)

    host.serve(wrong, retry=Retry(attempts=1))
    async with host.working():
        row = await host.ended(await host.submit())
    assert row["error"].startswith('The result of step "count" does not fit its model: Input should be a valid integer')


async def test_a_large_result_is_kept_as_a_file_and_comes_back(host: Host) -> None:
    large, odd = "ä" * 150_000, {"$file": "not a key"}
    got: list[object] = []

    async def heavy(job: JobContext) -> None:
        got.append(await job.step("a/../large \x1f name", lambda: large, model=str))
        got.append(await job.step("odd", lambda: odd, model=dict))
        if job.attempt == 1:
            raise RuntimeError("again")

    host.serve(heavy, **TWICE)
    async with host.working():
        row = await host.ended(await host.submit())
    assert row["status"] == "complete"
    assert got == [large, odd, large, odd]
    kept = [path.stat().st_size for path in (host.folder / "files").rglob("*.json")]
    assert max(kept) == len(large.encode()) + 2


async def test_a_new_version_runs_again_and_a_stored_result_of_another_shape_fails_plainly(host: Host) -> None:
    versions: list[int] = []

    async def changed(job: JobContext) -> None:
        version = job.payload.n or job.attempt
        model = str if job.attempt == 1 else int
        versions.append(version)
        await job.step("shape", lambda: "text" if job.attempt == 1 else 7, model=model, version=version)
        if job.attempt == 1:
            raise RuntimeError("again")

    host.serve(changed, retry=Retry(attempts=3, backoff=fixed(0)))
    async with host.working():
        raised = await host.ended(await host.submit())
        kept = await host.ended(await host.submit(n=1))
    assert versions == [1, 2, 1, 1]
    assert raised["status"] == "complete"
    assert (kept["status"], kept["claim_no"]) == ("failed", 2)
    assert kept["error"] == (
        'The stored result of step "shape" does not fit its model any more; raise the step\'s version.'
    )


async def test_a_paid_step_is_announced_before_it_is_called_also_inside_a_transaction(host: Host) -> None:
    intents: list[dict] = []

    async def pay(job: JobContext) -> None:
        async def call() -> int:
            intents.extend(await steps_of(host, job.id))
            return 1

        async with job.transaction():
            await job.step("charge", call, model=int, paid=True)
            raise RuntimeError("rolled back")

    host.serve(pay, retry=Retry(attempts=1))
    async with host.working():
        job_id = await host.submit()
        await host.ended(job_id)
    assert [(intent["name"], intent["paid"], intent["status"]) for intent in intents] == [("charge", True, "intent")]
    assert [(step["status"], step["result"]) for step in await steps_of(host, job_id)] == [("done", "1")]


async def test_a_paid_step_whose_end_is_not_known_is_not_paid_again(host: Host) -> None:
    paying, late_answer = asyncio.Event(), asyncio.Event()
    calls: list[int] = []

    async def pay(job: JobContext) -> None:
        async def charge() -> int:
            calls.append(job.attempt)
            paying.set()
            await late_answer.wait()
            return 1

        await job.step("charge", charge, model=int, paid=True)

    host.serve(pay, retry=Retry(attempts=3))
    async with host.working():
        job_id = await host.submit()
        await asyncio.wait_for(paying.wait(), 5)
        await rescue(host, job_id)  # as if this worker had died in the middle
        row = await host.ended(job_id)
        late_answer.set()
    assert calls == [1]
    assert [step["status"] for step in await steps_of(host, job_id)] == ["intent"], "a late answer changes nothing"
    assert (row["status"], row["failures"]) == ("failed", 1)
    assert row["error"] == 'outcomeUnknown: the paid step "charge" was begun and its end is not known.'


@pytest.mark.parametrize("by", ["time-out", "cancel", "drain"])
async def test_a_paid_step_under_way_is_finished_first_whatever_ends_the_attempt(sqlite_host: Host, by: str) -> None:
    host = sqlite_host
    paying, paid = asyncio.Event(), asyncio.Event()
    calls: list[int] = []

    async def pay(job: JobContext) -> None:
        async def charge() -> str:
            calls.append(job.attempt)
            paying.set()
            await paid.wait()
            return "receipt"

        step = job.step("charge", charge, model=str, paid=True)
        await (step if by == "cancel" else job.gather(step))

    host.serve(pay, retry=Retry(attempts=2, backoff=fixed(0)), timeout=0.2 if by == "time-out" else 60)
    async with host.worker(grace_s=0.1).running():
        job_id = await host.submit()
        await asyncio.wait_for(paying.wait(), 5)
        if by == "cancel":
            await Canceller(host.store, host.dispatcher).cancel(job_id)
        asyncio.get_running_loop().call_later(1.5 if by == "cancel" else 0.5, paid.set)
        if by != "drain":
            await host.ended(job_id)
    (step,) = await steps_of(host, job_id)
    assert (step["status"], step["result"]) == ("done", '"receipt"')
    assert calls == [1]
    expected = {"time-out": "complete", "cancel": "cancelled", "drain": "queued"}
    assert (await host.job(job_id))["status"] == expected[by]


async def test_gather_waits_for_all_steps_and_then_raises_the_first_error(host: Host) -> None:
    finished: list[str] = []

    async def three(job: JobContext) -> None:
        async def slow() -> int:
            await asyncio.sleep(0.1)
            finished.append("slow")
            return 1

        def fail() -> int:
            raise RuntimeError("at once")

        await job.gather(
            job.step("fail", fail, model=int), job.step("slow", slow, model=int), job.step("fail2", fail, model=int)
        )

    host.serve(three, retry=Retry(attempts=1))
    async with host.working():
        job_id = await host.submit()
        row = await host.ended(job_id)
    assert row["error"] == "at once"
    assert finished == ["slow"]
    assert [step["name"] for step in await steps_of(host, job_id)] == ["slow"]


async def test_gather_gives_errors_as_values_but_never_hides_the_end_of_the_attempt(host: Host) -> None:
    outcomes: list[object] = []
    at_work, told = asyncio.Event(), asyncio.Event()

    async def tolerant(job: JobContext) -> None:
        def fail() -> int:
            raise ValueError("one of many")

        async def until_cancelled() -> int:
            at_work.set()
            await told.wait()
            await job.progress(50)
            await job.progress(51)
            return 1

        outcomes.extend(await job.gather(job.step("fail", fail, model=int), return_exceptions=True))
        await job.gather(job.step("wait", until_cancelled, model=int), return_exceptions=True)
        outcomes.append("went on")

    host.serve(tolerant)
    async with host.working():
        job_id = await host.submit()
        await asyncio.wait_for(at_work.wait(), 5)
        await Canceller(host.store, host.dispatcher).cancel(job_id)
        told.set()
        row = await host.ended(job_id)
    assert [str(outcome) for outcome in outcomes] == ["one of many"]
    assert row["status"] == "cancelled"


async def steps_of(host: Host, job_id: str) -> list[dict]:

    statement = select(job_steps).where(job_steps.c.job_id == job_id)
    return await host.store.database.read(
        lambda connection: [dict(row) for row in connection.execute(statement).mappings()]
    )
