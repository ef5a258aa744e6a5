"""One suite for both databases: submit, claim, fenced writes, credits, rescue."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from sqlalchemy import select
from workhall.jobs.errors import BrandNotFound, IdempotencyConflict, InsufficientCredits
from workhall.jobs.ids import child_id, derived_uuid, job_id, now_ms, uuid7
from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import (
    AttemptEnd,
    Claim,
    ClaimedJob,
    IdempotencyKey,
    JobWrite,
    NewAsset,
    NewJob,
    NotClaimed,
    Rescue,
    StepRow,
    Submission,
)
from workhall.jobs.status import AttemptStatus, JobStatus
from workhall.jobs.store import SqlStore
from workhall.jobs.store.brands import create_brand
from workhall.jobs.store.credits import Balance, grant_credits, read_balance
from workhall.jobs.tables import brand_assets, generation_jobs, job_attempts

from tests.fixtures import rows

USER = str(uuid7())


def new_job(queue: str = "noop", **fields: Any) -> NewJob:
    return rows.new_job(queue, **{"payload": '{"text":"hello"}', "user_id": USER, **fields})


async def submitted(store: SqlStore, **fields: object) -> NewJob:
    job = new_job(**fields)  # type: ignore[arg-type]
    await store.submit(Submission([job]))
    return job


async def claimed(store: SqlStore, job: NewJob, worker: str = "w1") -> ClaimedJob:
    (claim,) = await store.claim([Claim(job.job_id, worker, now_ms())])
    assert isinstance(claim, ClaimedJob)
    return claim


def finish(job: ClaimedJob, **fields: object) -> JobWrite:
    at = now_ms()
    events = [JobEvents(job.job_id, job.queue_name, None, job.claim_no).complete(at, message="Done", result=None)]
    attempt = AttemptEnd(AttemptStatus.COMPLETE, None, at)
    values: dict[str, object] = {"status": JobStatus.COMPLETE, "completed_at": at, "credits_settled": 0}
    return JobWrite(job.job_id, job.claim_no, events, attempt=attempt, **{**values, **fields})  # type: ignore[arg-type]


async def row(store: SqlStore, identifier: str) -> dict[str, object]:
    statement = select(generation_jobs).where(generation_jobs.c.job_id == identifier)
    return await store.database.read(lambda c: dict(c.execute(statement).mappings().one()))


async def balance(store: SqlStore) -> Balance:
    return await store.database.read(lambda c: read_balance(c, USER))


async def test_a_job_lives_from_submit_to_complete_with_gapless_events(store: SqlStore) -> None:
    job = await submitted(store)
    claim = await claimed(store, job)
    assert claim.claim_no == 1
    assert orjson.loads(claim.payload) == {"text": "hello"}
    progress = JobEvents(job.job_id, "noop", None, 1).make("job:progress", now_ms(), status="a", progress=5)
    written = await store.write(JobWrite(job.job_id, 1, [progress], stage="a", progress=5))
    assert written is not None
    assert [event.seq for event in written.events] == [3]
    await store.write(finish(claim, result='{"ok":true}'))
    events = await store.events(job.job_id)
    assert [(event.seq, event.name) for event in events] == [
        (1, "job:queued"),
        (2, "job:started"),
        (3, "job:progress"),
        (4, "job:complete"),
    ]
    assert orjson.loads(events[2].wire)["seq"] == 3
    done = await row(store, job.job_id)
    assert (done["status"], done["stage"], done["worker_id"]) == ("complete", "a", None)


async def test_two_workers_claim_one_job_and_one_gets_it(store: SqlStore) -> None:
    job = await submitted(store)
    answers = await asyncio.gather(
        *(store.claim([Claim(job.job_id, worker, now_ms())]) for worker in ("w1", "w2", "w3"))
    )
    assert sum(isinstance(answer[0], ClaimedJob) for answer in answers) == 1


async def test_a_claim_too_early_or_for_nothing_is_refused(store: SqlStore) -> None:
    later = await submitted(store, run_at=now_ms() + 60_000)
    answers = await store.claim([Claim(later.job_id, "w", now_ms()), Claim(job_id("noop"), "w", now_ms())])
    assert answers[0] == NotClaimed(later.job_id, later.run_at, 5)
    assert isinstance(answers[1], NotClaimed)
    assert answers[1].run_at is None


async def test_a_late_worker_changes_nothing(store: SqlStore) -> None:
    job = await submitted(store)
    stale = await claimed(store, job)
    event = JobEvents(job.job_id, "noop", None).queued(now_ms())
    (rescued,) = await store.rescue([Rescue(job.job_id, "w1", event, now_ms())])
    assert rescued is not None
    fresh = await claimed(store, job, "w2")
    asset = NewAsset(str(uuid7()), str(uuid7()), "logo", "u", "{}", now_ms())
    late = finish(stale, assets=[asset], steps=[StepRow("s", 1, False, "1", now_ms())], children=[new_job()])
    assert await store.write(late) is None
    assert await store.write(finish(fresh)) is not None
    assert [event.seq for event in await store.events(job.job_id)] == [1, 2, 3, 4, 5]
    statement = select(job_attempts.c.number, job_attempts.c.status).order_by(job_attempts.c.number)
    attempts = await store.database.read(lambda c: [tuple(item) for item in c.execute(statement)])
    assert attempts == [(1, "rescued"), (2, "complete")]


async def test_a_terminal_job_never_changes_again(store: SqlStore) -> None:
    job = await submitted(store)
    claim = await claimed(store, job)
    assert await store.write(finish(claim)) is not None
    assert await store.write(finish(claim, status=JobStatus.FAILED)) is None
    assert await store.rescue([Rescue(job.job_id, "w1", job.event, now_ms())]) == [None]
    assert (await row(store, job.job_id))["status"] == "complete"


async def test_writes_of_one_moment_share_a_transaction_and_keep_their_numbers(store: SqlStore) -> None:
    jobs = [await claimed(store, await submitted(store)) for _ in range(20)]

    def report(job: ClaimedJob, percent: int) -> JobWrite:
        event = JobEvents(job.job_id, "noop", None, 1).make("job:progress", now_ms(), progress=percent)
        return JobWrite(job.job_id, job.claim_no, [event], progress=percent)

    writes = [report(job, percent) for percent in (10, 20, 30) for job in jobs]
    answers = await asyncio.gather(*(store.write(write) for write in writes))
    assert all(answer is not None for answer in answers)
    for job in jobs:
        events = await store.events(job.job_id, after=2)
        assert [(event.seq, orjson.loads(event.data)["progress"]) for event in events] == [(3, 10), (4, 20), (5, 30)]


async def test_one_bad_write_fails_alone(store: SqlStore) -> None:
    jobs = [await claimed(store, await submitted(store)) for _ in range(8)]
    brandless = NewAsset(str(uuid7()), str(uuid7()), "logo", "u", "{}", now_ms())  # no such brand
    writes = [finish(job, assets=[brandless] if number == 3 else []) for number, job in enumerate(jobs)]
    answers = await asyncio.gather(*(store.write(write) for write in writes), return_exceptions=True)
    assert [isinstance(answer, Exception) for answer in answers] == [number == 3 for number in range(8)]
    assert (await row(store, jobs[3].job_id))["status"] == "processing"


async def test_credits_are_reserved_with_the_row_and_settled_with_the_end(store: SqlStore) -> None:
    await store.database.write(lambda c: grant_credits(c, USER, 10))
    job = await submitted(store, credits=4)
    assert await balance(store) == Balance(6, 0, 4)
    claim = await claimed(store, job)
    await store.write(finish(claim, credits_settled=3))
    assert await balance(store) == Balance(7, 3, 0)


async def test_too_few_credits_refuse_the_whole_submission_and_no_neighbour(store: SqlStore) -> None:
    await store.database.write(lambda c: grant_credits(c, USER, 5))
    poor = Submission([new_job(credits=3), new_job(credits=3)])
    fine = Submission([new_job(credits=5)])
    answers = await asyncio.gather(store.submit(poor), store.submit(fine), return_exceptions=True)
    assert isinstance(answers[0], InsufficientCredits)
    assert (answers[0].required, answers[0].available) == (6, 5)
    assert not isinstance(answers[1], BaseException)
    assert await store.states([job.job_id for job in poor.jobs]) == []
    assert await balance(store) == Balance(0, 0, 5)


async def test_a_foreign_brand_is_not_found_and_reserves_nothing(store: SqlStore) -> None:
    await store.database.write(lambda c: grant_credits(c, USER, 5))
    stranger = str(uuid7())
    brand = await store.database.write(lambda c: create_brand(c, stranger, "Theirs", {}))
    with pytest.raises(BrandNotFound):
        await store.submit(Submission([new_job(brand_id=brand.id, credits=1)]))
    assert await balance(store) == Balance(5, 0, 0)


async def test_an_idempotency_key_answers_with_the_same_jobs(store: SqlStore) -> None:
    key = IdempotencyKey(USER, "k1", "hash")
    first = await store.submit(Submission([new_job()], idempotency=key))
    again = await store.submit(Submission([new_job()], idempotency=key))
    assert again.job_ids == first.job_ids
    assert again.replayed
    with pytest.raises(IdempotencyConflict):
        await store.submit(Submission([new_job()], idempotency=IdempotencyKey(USER, "k1", "other")))


async def test_children_and_assets_come_once_and_only_with_the_claim(store: SqlStore) -> None:
    brand = await store.database.write(lambda c: create_brand(c, USER, "Mine", {}))
    job = await submitted(store)
    claim = await claimed(store, job)
    child = new_job("image-upload", identifier=child_id(job.job_id, "image-upload", "logo-0"))
    asset = NewAsset(str(derived_uuid(job.job_id, "logo-0")), brand.id, "logo", "storage:x", "{}", now_ms())
    first = await store.write(JobWrite(job.job_id, 1, children=[child], assets=[asset]))
    assert first is not None
    assert [line.job_id for line in first.children] == [child.job_id]
    again = await store.write(JobWrite(job.job_id, 1, children=[child], assets=[asset]))
    assert again is not None
    assert again.children == ()
    assets = await store.database.read(lambda c: c.scalars(select(brand_assets.c.id)).all())
    assert list(assets) == [asset.id]
    await store.write(finish(claim))


async def test_steps_come_back_to_the_next_attempt(store: SqlStore) -> None:
    job = await submitted(store)
    await claimed(store, job)
    await store.write(JobWrite(job.job_id, 1, steps=[StepRow("a", 1, True, None, now_ms())]))
    await store.write(JobWrite(job.job_id, 1, steps=[StepRow("a", 1, True, '"x"', now_ms())]))
    await store.rescue([Rescue(job.job_id, "w1", job.event, now_ms())])
    again = await claimed(store, job, "w2")
    assert again.claim_no == 2
    assert again.steps["a"].result == '"x"'


async def test_live_pages_hold_every_job_that_has_not_ended(store: SqlStore) -> None:
    jobs = [await submitted(store) for _ in range(5)]
    await store.write(finish(await claimed(store, jobs[0])))
    pages, after = [], (0, "")
    while page := await store.live(after, 2):
        pages += page
        after = (page[-1].created_at, page[-1].line.job_id)
    assert {state.line.job_id for state in pages} == {job.job_id for job in jobs[1:]}
