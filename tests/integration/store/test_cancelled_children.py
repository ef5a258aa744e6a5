"""A job that ends cancelled takes along what it has dispatched, in the transaction of its end."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from workhall.jobs.ids import job_id, now_ms
from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import AttemptEnd, Claim, ClaimedJob, JobWrite, NewJob, Submission
from workhall.jobs.status import AttemptStatus, JobStatus
from workhall.jobs.store import SqlStore
from workhall.jobs.tables import generation_jobs


def job(parent: str | None = None) -> NewJob:
    identifier, at = job_id("noop"), now_ms()
    return NewJob(
        job_id=identifier, queue_name="noop", job_type="noop", payload="{}", user_id=None, brand_id=None, priority=5,
        attempts_allowed=3, timeout_s=60, credits=0, plugin_version="1", schema_hash="0" * 16, run_at=at,
        created_at=at, event=JobEvents(identifier, "noop", None).queued(at), parent_job_id=parent,
    )  # fmt: skip


async def claimed(store: SqlStore, identifier: str, worker: str) -> ClaimedJob:
    (claim,) = await store.claim([Claim(identifier, worker, now_ms())])
    assert isinstance(claim, ClaimedJob)
    return claim


async def running(store: SqlStore) -> ClaimedJob:
    new = job()
    await store.submit(Submission([new]))
    return await claimed(store, new.job_id, "w-parent")


def ending(parent: ClaimedJob, status: JobStatus, **more: Any) -> JobWrite:
    at = now_ms()
    events = JobEvents(parent.job_id, "noop", None, parent.claim_no).cancellation(at, progress=0)
    end = AttemptEnd(AttemptStatus.CANCELLED, None, at)
    return JobWrite(
        parent.job_id, parent.claim_no, events, status=status, completed_at=at, credits_settled=0, attempt=end, **more
    )


async def statuses(store: SqlStore, *identifiers: str) -> list[tuple[str, bool]]:
    columns = (generation_jobs.c.job_id, generation_jobs.c.status, generation_jobs.c.cancel_requested)
    rows = await store.database.read(
        lambda connection: connection.execute(select(*columns).where(columns[0].in_(identifiers))).all()
    )
    found = {row.job_id: (row.status, bool(row.cancel_requested)) for row in rows}
    return [found[identifier] for identifier in identifiers]


async def test_waiting_children_end_and_running_ones_are_asked(store: SqlStore) -> None:
    parent = await running(store)
    waiting, at_work, new = (job(parent.job_id) for _ in range(3))
    await store.write(JobWrite(parent.job_id, parent.claim_no, children=[waiting, at_work]))
    child = await claimed(store, at_work.job_id, "w-child")
    grandchild = job(at_work.job_id)
    await store.write(JobWrite(child.job_id, child.claim_no, children=[grandchild]))

    written = await store.write(ending(parent, JobStatus.CANCELLED, children=[new]))

    assert written is not None
    assert written.asked == ((at_work.job_id, "w-child"),)
    ended = {event.job_id for event in written.events if event.name == "job:cancelled"}
    assert ended == {parent.job_id, waiting.job_id, new.job_id, grandchild.job_id}
    assert await statuses(store, waiting.job_id, new.job_id, grandchild.job_id, at_work.job_id) == [
        ("cancelled", True),
        ("cancelled", True),
        ("cancelled", True),
        ("processing", True),
    ]
    for identifier in ended:
        logged = await store.events(identifier)
        assert [event.seq for event in logged] == list(range(1, len(logged) + 1))
        assert set(logged[-2:]) <= set(written.events)


async def test_a_job_that_ends_otherwise_leaves_its_children_alone(store: SqlStore) -> None:
    parent = await running(store)
    child = job(parent.job_id)
    written = await store.write(ending(parent, JobStatus.FAILED, children=[child]))
    assert written is not None
    assert written.asked == ()
    assert await statuses(store, child.job_id) == [("queued", False)]
