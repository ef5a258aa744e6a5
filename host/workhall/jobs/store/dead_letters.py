"""Dead letters: jobs that failed for good, kept until somebody purges them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, delete, select, tuple_

from workhall.jobs.tables import dead_letters

__all__ = ["list_dead_letters", "purge_dead_letters", "read_dead_letter"]

_LETTERS = dead_letters.c


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


def read_dead_letter(connection: Connection, letter_id: str) -> RowMapping | None:
    """Return the dead letter of that id, or of the job of that id; None where there is none."""
    wanted = (_LETTERS.id == letter_id) | (_LETTERS.original_job_id == letter_id)
    return connection.execute(select(dead_letters).where(wanted)).mappings().first()


def purge_dead_letters(connection: Connection, letter_ids: Sequence[str]) -> int:
    """Remove dead letters and return how many there were."""
    return connection.execute(delete(dead_letters).where(_LETTERS.id.in_(letter_ids))).rowcount
