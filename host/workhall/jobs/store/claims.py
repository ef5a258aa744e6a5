"""Claim: start attempts of the jobs that a worker took from Redis, and fence them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Row,
    Select,
    String,
    Text,
    Update,
    bindparam,
    insert,
    select,
    update,
)

from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import Claim, ClaimedJob, NotClaimed, StepRow
from workhall.jobs.status import CLAIMABLE, AttemptStatus, JobStatus
from workhall.jobs.store.batch import batch_cte, batch_rows
from workhall.jobs.store.events import insert_events, numbered
from workhall.jobs.tables import generation_jobs, job_attempts, job_data, job_steps

__all__ = ["apply_claims"]

_JOBS = generation_jobs.c
# Redis's clock decides when a job is due; this only keeps one with a clock of its own from starting far too early.
_LEEWAY_MS = 1000


def apply_claims(connection: Connection, claims: Sequence[Claim]) -> list[ClaimedJob | NotClaimed]:
    """Start what may start; the answer keeps the order."""
    by_id = {claim.job_id: claim for claim in claims}
    rows = connection.execute(
        _start(connection.dialect.name),
        batch_rows((claim.job_id, claim.worker_id, claim.at_ms) for claim in by_id.values()),
    ).all()
    payloads = _payloads(connection, [row.job_id for row in rows])
    started = {row.job_id: _claimed(row, payloads.get(row.job_id) or "null", by_id[row.job_id].at_ms) for row in rows}
    _record_attempts(connection, [by_id[job_id] for job_id in started], started)
    _attach_steps(connection, [job for job in started.values() if job.claim_no > 1])
    refused = _refusals(connection, [job_id for job_id in by_id if job_id not in started])
    return [started.get(claim.job_id) or refused[claim.job_id] for claim in claims]


@cache
def _start(dialect: str) -> Update:
    v = batch_cte(dialect, {"job_id": String, "worker_id": Text, "at_ms": BigInteger})
    return (
        update(generation_jobs)
        .where(_JOBS.job_id == v.c.job_id, _JOBS.status.in_(CLAIMABLE), _JOBS.run_at <= v.c.at_ms + _LEEWAY_MS)
        .values(
            status=JobStatus.PROCESSING,
            worker_id=v.c.worker_id,
            claim_no=_JOBS.claim_no + 1,
            last_seq=_JOBS.last_seq + 1,
            progress=0,
            stage=None,
            started_at=v.c.at_ms,
        )
        .returning(
            _JOBS.job_id,
            _JOBS.queue_name,
            _JOBS.claim_no,
            _JOBS.failures,
            _JOBS.attempts_allowed,
            _JOBS.timeout_s,
            _JOBS.priority,
            _JOBS.credits,
            _JOBS.user_id,
            _JOBS.brand_id,
            _JOBS.created_at,
            _JOBS.last_seq,
            _JOBS.cancel_requested,
        )
    )


@cache
def _payload_select() -> Select[Any]:
    return select(job_data.c.job_id, job_data.c.payload).where(job_data.c.job_id.in_(bindparam("ids", expanding=True)))


def _payloads(connection: Connection, job_ids: list[str]) -> dict[str, str]:
    if not job_ids:
        return {}
    rows = connection.execute(_payload_select(), {"ids": job_ids})
    return {row.job_id: row.payload for row in rows}


def _claimed(row: Row[Any], payload: str, at_ms: int) -> ClaimedJob:
    event = JobEvents(row.job_id, row.queue_name, row.brand_id, row.claim_no).started(at_ms)
    return ClaimedJob(
        job_id=row.job_id,
        queue_name=row.queue_name,
        claim_no=row.claim_no,
        failures=row.failures,
        attempts_allowed=row.attempts_allowed,
        timeout_s=row.timeout_s,
        priority=row.priority,
        credits=row.credits,
        payload=payload,
        user_id=row.user_id,
        brand_id=row.brand_id,
        created_at=row.created_at,
        cancel_requested=row.cancel_requested,
        event=numbered(event, row, row.last_seq),
    )


def _record_attempts(connection: Connection, claims: list[Claim], started: dict[str, ClaimedJob]) -> None:
    if not claims:
        return
    rows = [
        {
            "job_id": claim.job_id,
            "number": started[claim.job_id].claim_no,
            "status": AttemptStatus.PROCESSING,
            "worker_id": claim.worker_id,
            "started_at": claim.at_ms,
        }
        for claim in claims
    ]
    connection.execute(insert(job_attempts), rows)
    insert_events(connection, [job.event for job in started.values()])


def _attach_steps(connection: Connection, jobs: list[ClaimedJob]) -> None:
    if not jobs:
        return
    by_id = {job.job_id: job for job in jobs}
    for row in connection.execute(select(job_steps).where(job_steps.c.job_id.in_(list(by_id)))):
        by_id[row.job_id].steps[row.name] = StepRow(row.name, row.version, row.paid, row.result, row.created_at)


def _refusals(connection: Connection, job_ids: list[str]) -> dict[str, NotClaimed]:
    if not job_ids:
        return {}
    rows = connection.execute(
        select(_JOBS.job_id, _JOBS.run_at, _JOBS.priority).where(_JOBS.job_id.in_(job_ids), _JOBS.status.in_(CLAIMABLE))
    )
    later = {row.job_id: NotClaimed(row.job_id, row.run_at, row.priority) for row in rows}
    return {job_id: later.get(job_id, NotClaimed(job_id, None)) for job_id in job_ids}
