"""Submit: credits, rows and first events of new jobs, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import Any, Final

import orjson
from sqlalchemy import Connection, bindparam, insert, literal, select, update

from workhall.jobs.errors import BrandNotFound, IdempotencyConflict, JobsError
from workhall.jobs.ids import now_ms
from workhall.jobs.messages import IdempotencyKey, NewJob, Submission, Submitted
from workhall.jobs.status import JobStatus
from workhall.jobs.store.credits import reserve_credits
from workhall.jobs.store.events import insert_events
from workhall.jobs.store.upsert import insert_if_absent
from workhall.jobs.tables import brands, dead_letters, generation_jobs, idempotency_keys, job_data, job_steps

__all__ = ["apply_submissions", "insert_children", "insert_jobs"]

# Built once: on the way of every submission, building a statement costs more than running it.
_OWNERS: Final = select(brands.c.id, brands.c.user_id).where(brands.c.id.in_(bindparam("ids", expanding=True)))
_NEW_JOB: Final = insert(generation_jobs)
_NEW_DATA: Final = insert(job_data)


def apply_submissions(connection: Connection, submissions: Sequence[Submission]) -> list[Submitted | Exception]:
    """Accept or refuse each submission by itself; the accepted ones are inserted together."""
    results = [_admit(connection, submission) for submission in submissions]
    accepted = [
        job
        for submission, result in zip(submissions, results, strict=True)
        if isinstance(result, Submitted) and not result.replayed
        for job in submission.jobs
    ]
    insert_jobs(connection, accepted)
    return results


def insert_jobs(connection: Connection, jobs: Sequence[NewJob]) -> None:
    """Insert rows, payloads and first events."""
    if not jobs:
        return
    connection.execute(_NEW_JOB, [_row(job) for job in jobs])
    connection.execute(_NEW_DATA, [{"job_id": job.job_id, "payload": job.payload} for job in jobs])
    insert_events(connection, [job.first_event for job in jobs])
    for job in jobs:
        if job.replay_of is not None:
            _copy_steps(connection, job.replay_of, job.job_id)
            _note_replay(connection, job.replay_of, job.job_id)


def _copy_steps(connection: Connection, source: str, target: str) -> None:
    """Give a replay the finished steps of the job that it replays: what was paid for is not paid for again."""
    columns = [column for column in job_steps.c if column.name != "job_id"]
    done = select(literal(target), *columns).where(job_steps.c.job_id == source, job_steps.c.result.is_not(None))
    connection.execute(insert(job_steps).from_select(["job_id", *(column.name for column in columns)], done))


def _note_replay(connection: Connection, source: str, target: str) -> None:
    """Note at the dead letter of ``source`` that it runs again: who replays a whole queue leaves it alone then."""
    letter = dead_letters.c.original_job_id == source
    connection.execute(update(dead_letters).where(letter).values(replayed_as=target))


def insert_children(connection: Connection, children: Sequence[NewJob]) -> list[NewJob]:
    """Insert the children that are not there yet, reserving their credits, and return those.

    Raises:
        InsufficientCredits: their user has too few left.
    """
    ids = [child.job_id for child in children]
    known = set(connection.scalars(select(generation_jobs.c.job_id).where(generation_jobs.c.job_id.in_(ids))))
    fresh = [child for child in children if child.job_id not in known]
    _reserve(connection, fresh)
    insert_jobs(connection, fresh)
    return fresh


def _admit(connection: Connection, submission: Submission) -> Submitted | Exception:
    key = submission.idempotency
    try:
        if key and (known := _known_answer(connection, key)):
            return known
        several = len({job.user_id for job in submission.jobs}) > 1
        # A refused submission gives its key back, and what it has reserved for its first users.
        with connection.begin_nested() if key or several else nullcontext():
            _check_brands(connection, submission.jobs)
            # Another process may be first with the key: the insert waits for its end, and its answer is ours.
            if key and not _remember(connection, key, submission.jobs) and (known := _known_answer(connection, key)):
                return known
            _reserve(connection, submission.jobs)
    except JobsError as error:
        return error
    events = tuple(job.first_event for job in submission.jobs)
    return Submitted(tuple(job.job_id for job in submission.jobs), events)


def _known_answer(connection: Connection, key: IdempotencyKey) -> Submitted | None:
    columns = idempotency_keys.c
    row = connection.execute(
        select(columns.body_hash, columns.job_ids).where(columns.user_id == key.user_id, columns.key == key.key)
    ).first()
    if row is None:
        return None
    if row.body_hash != key.body_hash:
        raise IdempotencyConflict
    return Submitted(tuple(orjson.loads(row.job_ids)), replayed=True)


def _check_brands(connection: Connection, jobs: Iterable[NewJob]) -> None:
    """A job of a user belongs to a brand of that user, whoever submits it; the host's own jobs have no user."""
    wanted = {(job.brand_id, job.user_id) for job in jobs if job.brand_id is not None and job.user_id is not None}
    if not wanted:
        return
    found = connection.execute(_OWNERS, {"ids": sorted({brand_id for brand_id, _ in wanted})})
    if not wanted <= {(row.id, row.user_id) for row in found}:
        raise BrandNotFound


def _reserve(connection: Connection, jobs: Iterable[NewJob]) -> None:
    by_user: dict[str, list[tuple[str, int]]] = {}
    for job in jobs:
        if job.credits and job.user_id:
            by_user.setdefault(job.user_id, []).append((job.job_id, job.credits))
    for user_id, costs in sorted(by_user.items()):
        reserve_credits(connection, user_id, costs)


def _remember(connection: Connection, key: IdempotencyKey, jobs: Sequence[NewJob]) -> bool:
    """Take the key; False where somebody else has it."""
    taken = connection.execute(
        insert_if_absent(connection.dialect.name, idempotency_keys).values(
            user_id=key.user_id,
            key=key.key,
            body_hash=key.body_hash,
            job_ids=orjson.dumps([job.job_id for job in jobs]).decode(),
            created_at=now_ms(),
        )
    )
    return taken.rowcount == 1


def _row(job: NewJob) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "id": job.job_id[-36:],
        "queue_name": job.queue_name,
        "job_type": job.job_type,
        "user_id": job.user_id,
        "brand_id": job.brand_id,
        "parent_job_id": job.parent_job_id,
        "replay_of": job.replay_of,
        "plugin_version": job.plugin_version,
        "schema_hash": job.schema_hash,
        "priority": job.priority,
        "attempts_allowed": job.attempts_allowed,
        "timeout_s": job.timeout_s,
        "credits": job.credits,
        "status": JobStatus.SCHEDULED if job.line.run_at else JobStatus.QUEUED,
        "last_seq": 1,
        "run_at": job.run_at,
        "created_at": job.created_at,
    }
