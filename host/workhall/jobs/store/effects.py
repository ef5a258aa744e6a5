"""What follows from granted writes: attempts, results, steps, children, assets, credits, dead letters, alerts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import BigInteger, Connection, Integer, Row, String, Text, Update, select, update

from workhall.jobs.messages import JobWrite, NewAsset, NewJob, StepRow, StoredAsset
from workhall.jobs.status import JobStatus
from workhall.jobs.store.batch import batch_cte, batch_rows
from workhall.jobs.store.cancels import Cancellation, cancel_children
from workhall.jobs.store.credits import settle_credits
from workhall.jobs.store.dead_letters import MakeAlert, bury
from workhall.jobs.store.submissions import insert_children
from workhall.jobs.store.upsert import insert_if_absent, insert_or_change
from workhall.jobs.tables import brand_assets, job_attempts, job_data, job_steps

__all__ = ["Effects", "apply_effects"]

Granted = Sequence[tuple[JobWrite, Row[Any]]]


class Effects(NamedTuple):
    """What is to be announced.

    Args:
        children: the ids of the children that were not there before.
        alerts: the jobs that tell somebody of a dead letter, by the id of the job that failed.
        cancelled: what became of the children of jobs that ended cancelled, by the id of their parent.
    """

    children: set[str]
    alerts: dict[str, NewJob]
    cancelled: dict[str, Cancellation]


def apply_effects(connection: Connection, granted: Granted, make_alert: MakeAlert | None = None) -> Effects:
    """Write the effects; ``make_alert`` makes the job that tells somebody of a dead letter."""
    _end_attempts(connection, granted)
    _store_results(connection, granted)
    _store_steps(connection, [(write.job_id, step) for write, _ in granted for step in write.steps])
    _add_assets(connection, [asset for write, _ in granted for asset in write.assets])
    _store_assets(connection, [asset for write, _ in granted for asset in write.stored_assets])
    _settle(connection, granted)
    alerts = _bury(connection, granted, make_alert)
    children = _insert_children(connection, granted)
    return Effects(children, alerts, _cancel_children(connection, granted))


def _end_attempts(connection: Connection, granted: Granted) -> None:
    ended = [
        (write.job_id, write.claim_no, write.attempt.status, write.attempt.error, write.attempt.at_ms)
        for write, _ in granted
        if write.attempt
    ]
    if ended:
        connection.execute(_attempt_update(connection.dialect.name), batch_rows(ended))


@cache
def _attempt_update(dialect: str) -> Update:
    v = batch_cte(dialect, {"job_id": String, "number": Integer, "status": Text, "error": Text, "at_ms": BigInteger})
    return (
        update(job_attempts)
        .where(job_attempts.c.job_id == v.c.job_id, job_attempts.c.number == v.c.number)
        .values(status=v.c.status, error=v.c.error, ended_at=v.c.at_ms)
    )


def _store_results(connection: Connection, granted: Granted) -> None:
    results = [(write.job_id, write.result) for write, _ in granted if write.result is not None]
    if results:
        connection.execute(_result_update(connection.dialect.name), batch_rows(results))


@cache
def _result_update(dialect: str) -> Update:
    v = batch_cte(dialect, {"job_id": String, "result": Text})
    return update(job_data).where(job_data.c.job_id == v.c.job_id).values(result=v.c.result)


def _store_steps(connection: Connection, steps: Sequence[tuple[str, StepRow]]) -> None:
    if not steps:
        return
    statement = insert_or_change(connection.dialect.name, job_steps, ("version", "paid", "status", "result"))
    connection.execute(statement, [_step_row(job_id, step) for job_id, step in steps])


def _step_row(job_id: str, step: StepRow) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "name": step.name,
        "version": step.version,
        "paid": step.paid,
        "status": "intent" if step.result is None else "done",
        "result": step.result,
        "created_at": step.at_ms,
    }


def _add_assets(connection: Connection, assets: Sequence[NewAsset]) -> None:
    if not assets:
        return
    rows = [
        {
            "id": asset.id,
            "brand_id": asset.brand_id,
            "asset_type": asset.asset_type,
            "url": asset.url,
            "metadata": asset.metadata,
            "created_at": asset.at_ms,
        }
        for asset in assets
    ]
    connection.execute(insert_if_absent(connection.dialect.name, brand_assets), rows)


def _store_assets(connection: Connection, assets: Iterable[StoredAsset]) -> None:
    for asset in assets:
        where = brand_assets.c.id == asset.id
        known = connection.scalar(select(brand_assets.c.metadata).where(where))
        merged = {**orjson.loads(known or "{}"), **orjson.loads(asset.metadata)}
        connection.execute(
            update(brand_assets)
            .where(where)
            .values(url=asset.url, thumbnail_url=asset.thumbnail_url, metadata=orjson.dumps(merged).decode())
        )


def _settle(connection: Connection, granted: Granted) -> None:
    open_reservations = [
        (row.user_id, row.job_id, row.credits, write.credits_settled)
        for write, row in granted
        if write.credits_settled is not None and row.credits and row.user_id
    ]
    for user_id, job_id, reserved, used in sorted(open_reservations):
        settle_credits(connection, user_id, job_id, reserved, used)


def _bury(connection: Connection, granted: Granted, make_alert: MakeAlert | None) -> dict[str, NewJob]:
    alerts = {}
    for write, row in granted:
        if write.dead_letter and (alert := bury(connection, row, write.dead_letter, make_alert)):
            alerts[write.job_id] = alert
    return alerts


def _insert_children(connection: Connection, granted: Granted) -> set[str]:
    children = {child.job_id: child for write, _ in granted for child in write.children}
    return {child.job_id for child in insert_children(connection, list(children.values()))} if children else set()


def _cancel_children(connection: Connection, granted: Granted) -> dict[str, Cancellation]:
    """A cancelled job takes along what it dispatched up to its end, not only what it had when it was asked."""
    ended = [write.job_id for write, _ in granted if write.status is JobStatus.CANCELLED]
    return {job_id: cancel_children(connection, job_id) for job_id in ended}
