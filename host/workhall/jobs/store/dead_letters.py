"""Dead letters: jobs that failed for good, kept until somebody purges them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, RowMapping, delete, insert, select, tuple_

from workhall.jobs.messages import DeadLetter, IdempotencyKey, NewJob, Submission, Submitted
from workhall.jobs.store.submissions import apply_submissions
from workhall.jobs.tables import dead_letters, job_data

__all__ = [
    "FailedJob",
    "MakeAlert",
    "bury",
    "list_dead_letters",
    "list_unreplayed",
    "purge_dead_letters",
    "read_dead_letter",
]

_LETTERS = dead_letters.c
_ALERTS: Final = "dead-letter-alerts"  # whose idempotency keys the alerts use
_HOUR_MS: Final = 3_600_000


class FailedJob(NamedTuple):
    """A job that failed for good, as an alert tells of it."""

    job_id: str
    queue_name: str
    user_id: str | None
    brand_id: str | None
    error: str


MakeAlert = Callable[[FailedJob], NewJob | None]
"""Makes the job that alerts somebody, or None where there is nobody to do it; it must not raise."""


def bury(connection: Connection, row: Row[Any], letter: DeadLetter, make_alert: MakeAlert | None) -> NewJob | None:
    """Insert the dead letter of the job of ``row``, and the job that alerts somebody; return the latter.

    There is one alert for each fingerprint and hour: None where it was made before.
    """
    payload = connection.scalar(select(job_data.c.payload).where(job_data.c.job_id == row.job_id))
    connection.execute(
        insert(dead_letters).values(
            id=letter.id,
            original_queue=row.queue_name,
            original_job_id=row.job_id,
            original_data=payload,
            user_id=row.user_id,
            error=letter.error,
            stack=letter.stack,
            fingerprint=letter.fingerprint,
            attempts=letter.attempts,
            failed_at=letter.at_ms,
        )
    )
    failed = FailedJob(row.job_id, row.queue_name, row.user_id, row.brand_id, letter.error)
    alert = make_alert(failed) if make_alert is not None else None
    return alert if alert is not None and _is_first(connection, alert, letter) else None


def _is_first(connection: Connection, alert: NewJob, letter: DeadLetter) -> bool:
    """Submit the alert, unless one of the same fingerprint and hour was submitted before."""
    key = IdempotencyKey(_ALERTS, f"{letter.fingerprint}:{letter.at_ms // _HOUR_MS}", "")
    (submitted,) = apply_submissions(connection, [Submission([alert], idempotency=key)])
    return isinstance(submitted, Submitted) and not submitted.replayed


def list_dead_letters(
    connection: Connection, queue: str | None, before: tuple[int, str] | None, limit: int
) -> list[RowMapping]:
    """Return a page of dead letters (of ``queue``, or all), newest first, below the cursor (failed_at, id)."""
    statement = select(dead_letters).order_by(_LETTERS.failed_at.desc(), _LETTERS.id.desc()).limit(limit)
    if queue is not None:
        statement = statement.where(_LETTERS.original_queue == queue)
    if before is not None:
        statement = statement.where(tuple_(_LETTERS.failed_at, _LETTERS.id) < before)
    return list(connection.execute(statement).mappings())


def list_unreplayed(connection: Connection, queue: str) -> Sequence[str]:
    """Return the ids of a queue's dead letters whose jobs were not run again yet, oldest first."""
    statement = select(_LETTERS.id).where(_LETTERS.original_queue == queue, _LETTERS.replayed_as.is_(None))
    return connection.scalars(statement.order_by(_LETTERS.failed_at, _LETTERS.id)).all()


def read_dead_letter(connection: Connection, letter_id: str) -> RowMapping | None:
    """Return the dead letter of that id, or of the job of that id; None where there is none."""
    wanted = (_LETTERS.id == letter_id) | (_LETTERS.original_job_id == letter_id)
    return connection.execute(select(dead_letters).where(wanted)).mappings().first()


def purge_dead_letters(connection: Connection, letter_ids: Sequence[str]) -> int:
    """Remove dead letters and return how many there were."""
    return connection.execute(delete(dead_letters).where(_LETTERS.id.in_(letter_ids))).rowcount
