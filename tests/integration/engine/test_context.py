"""What a handler's context does: progress, events, children, transactions, credits."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import BaseModel
from workhall.jobs.ids import uuid7
from workhall.jobs.store.brands import create_brand
from workhall.jobs.store.credits import Balance, grant_credits, read_balance
from workhall.sdk import EventSpec, JobContext, PermanentError, Retry, WireModel, fixed

from tests.integration.engine.hosting import Host, fields

USER = str(uuid7())
ONCE = {"retry": Retry(attempts=1)}
TWICE = {"retry": Retry(attempts=2, backoff=fixed(0))}


async def reports(host: Host, job_id: str) -> list[dict]:
    return [fields(event) for event in await host.log(job_id) if event.name == "job:progress"]


async def test_progress_never_falls_within_an_attempt_and_begins_anew_with_the_next(host: Host) -> None:
    async def falling(job: JobContext) -> None:
        for percent in (0, 33.4, 10, 100):
            await job.progress(percent, stage=f"at {percent}")
        if job.attempt == 1:
            raise RuntimeError("again")

    host.serve(falling, **TWICE)
    async with host.working():
        job_id = await host.submit()
        await host.ended(job_id)
    assert [(report["attempt"], report["progress"]) for report in await reports(host, job_id)] == [
        (attempt, percent) for attempt in (1, 2) for percent in (0, 33, 33, 100)
    ]


@pytest.mark.parametrize("percent", [-1, 100.5, float("nan")])
async def test_progress_takes_percentages_alone(sqlite_host: Host, percent: float) -> None:
    async def odd(job: JobContext) -> None:
        await job.progress(percent)

    sqlite_host.serve(odd, **ONCE)
    async with sqlite_host.working():
        row = await sqlite_host.ended(await sqlite_host.submit())
    assert row["error"] == f"progress takes a percentage of 0 to 100, not {percent!r}"


async def test_progress_above_twenty_a_second_is_coalesced_and_the_last_of_each_stage_stays(host: Host) -> None:
    async def hasty(job: JobContext) -> None:
        for stage, first in (("one", 0), ("two", 50)):
            for percent in range(first, first + 40):
                await job.progress(percent, f"{percent}", stage=stage)
        await asyncio.sleep(1.1)  # what was held back comes by itself
        await job.progress(95, "rested", stage="two")

    host.serve(hasty)
    async with host.working():
        job_id = await host.submit()
        row = await host.ended(job_id)
    sent = await reports(host, job_id)
    percents = [(report["status"], report["progress"]) for report in sent]
    assert len(percents) < 40
    assert [entry for entry in percents if entry[0] == "one"][-1] == ("one", 39)
    assert percents.index(("one", 39)) < percents.index(("two", 50)), "never across a change of stage"
    assert percents[-2:] == [("two", 89), ("two", 95)]
    assert percents == sorted(percents)
    assert (row["stage"], row["progress"]) == ("two", 100)


@pytest.mark.parametrize("ending", ["complete", "failed"])
async def test_the_last_report_is_there_before_the_end(host: Host, ending: str) -> None:
    async def hasty(job: JobContext) -> None:
        for percent in range(60):
            await job.progress(percent)
        if ending == "failed":
            raise PermanentError("enough")

    host.serve(hasty)
    async with host.working():
        job_id = await host.submit()
        await host.ended(job_id)
    assert [event.name for event in await host.log(job_id)][-2:] == ["job:progress", f"job:{ending}"]
    assert (await reports(host, job_id))[-1]["progress"] == 59


async def test_reports_of_parallel_work_never_overtake_each_other(host: Host) -> None:
    async def parallel(job: JobContext) -> None:
        for percent in range(25):  # the last ones are held back
            await job.progress(percent, stage="alone")
        await job.gather(*(job.progress(30 + number, stage=f"part {number}") for number in range(30)))

    host.serve(parallel)
    async with host.working():
        job_id = await host.submit()
        assert (await host.ended(job_id))["status"] == "complete"
    percents = [report["progress"] for report in await reports(host, job_id)]
    assert percents == [*range(20), *range(24, 25), *range(30, 60)]


class Weather(WireModel):
    """An event of a plugin that carries nothing of the host's."""

    sky: str


async def test_emit_checks_against_the_catalogue(host: Host) -> None:
    async def agent(job: JobContext) -> dict:
        await job.emit("agent:message", content="Hello", session_id="s1")
        await job.emit("weather:changed", sky="blue")
        refused = []
        for event, data in (
            ("agent:message", {}),
            ("agent:message", {"content": "x", "unknown": 1}),
            ("job:complete", {"result": 1}),
            ("no:such", {}),
        ):
            with pytest.raises(ValueError) as raised:
                await job.emit(event, **data)
            refused.append(str(raised.value))
        return {"refused": refused}

    host.events["weather:changed"] = EventSpec("weather:changed", Weather, emit=True)
    host.serve(agent)
    async with host.working():
        job_id = await host.submit()
        row = await host.ended(job_id)
    assert row["result"]["refused"] == [
        "The event does not fit: content: Field required",
        "The event does not fit: unknown: Extra inputs are not permitted",
        'No handler may emit "job:complete"; declare it with the hook socket_events().',
        'No handler may emit "no:such"; declare it with the hook socket_events().',
    ]
    message, weather = [fields(event) for event in await host.log(job_id)][2:4]
    assert (message["content"], message["sessionId"], message["jobId"], message["seq"]) == ("Hello", "s1", job_id, 3)
    assert (weather["sky"], weather["queueName"], weather["attempt"]) == ("blue", "q", 1)


async def test_children_are_dispatched_once_over_all_attempts(host: Host) -> None:
    async def parent(job: JobContext) -> list[str]:
        ids = [
            await job.dispatch("child", {"n": 1}, key="named"),
            await job.dispatch("child", {"n": 2}),
            await job.dispatch("child", {"n": 3}),
            await job.dispatch("child", {"n": 4}, key="#1"),
        ]
        if job.attempt == 1:
            raise RuntimeError("again")
        return ids

    async def child(job: JobContext) -> int:
        return job.payload.n

    host.serve(parent, **TWICE)
    host.serve(child, "child")
    async with host.working():
        job_id = await host.submit()
        row = await host.ended(job_id)
        await host.all_ended()
    assert sorted(row["result"]) == await host.children(job_id)
    rows = [await host.job(child_id) for child_id in row["result"]]
    assert [(child["status"], child["result"], child["claim_no"]) for child in rows] == [
        ("complete", number, 1) for number in (1, 2, 3, 4)
    ]


async def test_a_child_that_cannot_be_is_refused_with_a_sentence(host: Host) -> None:
    async def parent(job: JobContext) -> None:
        await job.dispatch("q", {"n": "many"} if job.payload.n else {})
        await job.dispatch("nowhere", {})

    host.serve(parent, **ONCE)
    async with host.working():
        first = await host.ended(await host.submit(n=1))
        second = await host.ended(await host.submit(n=0), within_s=5)
    assert first["error"].startswith("The child's payload does not fit: n: Input should be a valid integer")
    assert second["error"] == 'There is no queue "nowhere" to dispatch to; there are: q.'


async def test_a_transaction_is_written_whole_or_not_at_all(host: Host) -> None:
    brand = await host.store.database.write(lambda connection: create_brand(connection, USER, "Mine", {}))

    async def parent(job: JobContext) -> str:
        async with job.transaction():
            asset = await job.services.assets.add("logo", brand_id=brand.id, asset_type="logo", url="storage:x")
            child = await job.dispatch("child", {"n": 1}, key="upload")
            await job.progress(50, "Saving", stage="saving")
            if job.attempt == 1:
                assert await job.services.assets.get(asset.id) is None, "not before the end of the block"
                raise RuntimeError("in the middle")
        assert await job.services.assets.get(asset.id) is not None
        return child

    async def child(job: JobContext) -> None:
        pass

    host.serve(parent, **TWICE)
    host.serve(child, "child")
    async with host.working():
        job_id = await host.submit()
        row = await host.ended(job_id)
        await host.all_ended()
    assert await host.names(job_id) == ["queued", "started", "failed", "started", "progress", "complete"]
    assert await host.children(job_id) == [row["result"]]


async def test_a_transaction_holds_only_what_its_own_task_writes(host: Host) -> None:
    opened, written = asyncio.Event(), asyncio.Event()

    async def two(job: JobContext) -> None:
        async def one() -> None:
            async with job.transaction():
                opened.set()
                await written.wait()
                raise RuntimeError("rolled back")

        async def other() -> None:
            await opened.wait()
            await job.progress(40, stage="other")
            assert "progress" in await host.names(job.id), "committed although another task has a transaction open"
            written.set()

        await job.gather(one(), other(), return_exceptions=True)

    host.serve(two, **ONCE)
    async with host.working():
        row = await host.ended(await host.submit())
    assert (row["status"], row["stage"]) == ("complete", "other")


class Order(WireModel):
    user_id: str
    count: int


class Made(BaseModel):
    made: int


async def balance(host: Host) -> Balance:
    return await host.store.database.read(lambda connection: read_balance(connection, USER))


async def test_credits_are_settled_by_what_was_made_and_given_back_on_failure(host: Host) -> None:
    await host.store.database.write(lambda connection: grant_credits(connection, USER, 20))

    async def make(job: JobContext) -> dict:
        if job.payload.count == 5:
            raise PermanentError("no")
        return {"made": job.payload.count - 1}

    policy = {"payload": Order, "credits": 2, "credit_units": "count"}
    host.serve(make, result=Made, settle_units="made", **policy)
    host.serve(make, "whole", **policy)
    ids = [await host.submit(userId=USER, count=count) for count in (3, 5)]
    assert await balance(host) == Balance(remaining=4, used=0, reserved=16)
    async with host.working():
        partly, failed = [await host.ended(job_id) for job_id in ids]
        assert await balance(host) == Balance(remaining=16, used=4, reserved=0)
        whole = await host.ended(await host.submit("whole", userId=USER, count=4))
    assert [row["credits_settled"] for row in (partly, failed, whole)] == [4, 0, 8]
    assert await balance(host) == Balance(remaining=8, used=12, reserved=0)


async def test_a_child_is_paid_for_as_any_job(host: Host) -> None:
    await host.store.database.write(lambda connection: grant_credits(connection, USER, 3))

    async def parent(job: JobContext) -> None:
        await job.dispatch("child", {"userId": USER, "count": job.payload.count})

    async def child(job: JobContext) -> None:
        pass

    host.serve(parent, payload=Order)
    host.serve(child, "child", payload=Order, credits=1, credit_units="count")
    async with host.working():
        await host.ended(await host.submit(userId=USER, count=2))
        await host.all_ended()
        assert await balance(host) == Balance(remaining=1, used=2, reserved=0)
        refused = await host.ended(await host.submit(userId=USER, count=2))
    assert refused["error"] == "The child jobs cost 2 credits, and 1 are left."
    assert (refused["status"], refused["claim_no"]) == ("failed", 1)
    assert await host.children(refused["job_id"]) == []
    assert await balance(host) == Balance(remaining=1, used=2, reserved=0)
