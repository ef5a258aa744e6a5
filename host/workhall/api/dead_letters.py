"""``/v1/admin/dead-letters…`` and ``/v1/admin/jobs/{id}/retry``: running again what has ended."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from litestar import delete, get, post
from litestar.params import PathParameter, QueryParameter
from sqlalchemy import RowMapping

from workhall.api.auth import require_operator
from workhall.api.jobs import JobId, QueueFilter, check_job_id
from workhall.api.paging import CursorParameter, LimitParameter, cut_page, read_cursor
from workhall.api.records import dead_letter_record
from workhall.api.state import ApiRequest
from workhall.api.submit import KeyHeader, bind_key, check_engine
from workhall.api.wire import DeadLetterPage, DeadLetterRecord, QueueReplayed, RefusedReplay, Replayed
from workhall.jobs.errors import DeadLetterNotFound
from workhall.jobs.store.dead_letters import list_dead_letters, purge_dead_letters, read_dead_letter

__all__ = ["purge", "replay", "replay_queue", "retry_job", "search_dead_letters", "show_dead_letter"]

_UUID: Final = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_IS_LETTER_ID: Final = re.compile(rf"([a-z0-9][a-z0-9-]{{0,63}}-)?{_UUID}")
_OPERATOR: Final[dict[str, Any]] = {"guards": [require_operator], "tags": ["admin"]}

LetterId = Annotated[str, PathParameter(name="id", description="the dead letter's id, or that of its job")]
ReplayedQueue = Annotated[
    str, QueryParameter(name="queue", pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", description="the queue to replay")
]


@post(
    "/v1/admin/jobs/{jobId:str}/retry",
    status_code=200,
    operation_id="retryJob",
    summary="Run an ended job again",
    **_OPERATOR,
)
async def retry_job(request: ApiRequest, job_id: JobId, idempotency_key: KeyHeader = None) -> Replayed:
    """Make a new job of one that has ended: linked to it, with its finished steps, its credits reserved anew."""
    check_job_id(job_id)
    check_engine(request)
    key = await bind_key(request, request.user, idempotency_key)
    return Replayed(ok=True, job_id=await request.api.replayer.replay(job_id, idempotency=key))


@get("/v1/admin/dead-letters", operation_id="listDeadLetters", summary="List dead letters, newest first", **_OPERATOR)
async def search_dead_letters(
    request: ApiRequest, queue: QueueFilter = None, limit: LimitParameter = 50, cursor: CursorParameter = None
) -> DeadLetterPage:
    """Return a page of the jobs that failed for good."""
    before = read_cursor(cursor)
    rows = await request.api.database.read(lambda connection: list_dead_letters(connection, queue, before, limit + 1))
    page, following = cut_page(rows, limit, lambda row: (row["failed_at"], row["id"]))
    return DeadLetterPage([dead_letter_record(row) for row in page], following)


@get("/v1/admin/dead-letters/{id:str}", operation_id="getDeadLetter", summary="Show a dead letter", **_OPERATOR)
async def show_dead_letter(request: ApiRequest, letter_id: LetterId) -> DeadLetterRecord:
    """Return a dead letter with its stack."""
    return dead_letter_record(await _found(request, letter_id))


@post(
    "/v1/admin/dead-letters/{id:str}/replay",
    status_code=200,
    operation_id="replayDeadLetter",
    summary="Run a dead letter's job again",
    **_OPERATOR,
)
async def replay(request: ApiRequest, letter_id: LetterId, idempotency_key: KeyHeader = None) -> Replayed:
    """Make a new job of a dead letter, which stays until it is purged."""
    check_engine(request)
    letter = await _found(request, letter_id)
    key = await bind_key(request, request.user, idempotency_key)
    return Replayed(ok=True, job_id=await request.api.replayer.replay_letter(letter["id"], idempotency=key))


@post(
    "/v1/admin/dead-letters/replay",
    status_code=200,
    operation_id="replayDeadLetters",
    summary="Run a queue's dead letters again",
    **_OPERATOR,
)
async def replay_queue(request: ApiRequest, queue: ReplayedQueue) -> QueueReplayed:
    """Make new jobs of a queue's dead letters, oldest first; those that were replayed before are left alone."""
    check_engine(request)
    done = await request.api.replayer.replay_queue(queue)
    refused = [RefusedReplay(letter_id, str(error)) for letter_id, error in done.refused]
    return QueueReplayed(ok=True, job_ids=list(done.job_ids), refused=refused)


@delete("/v1/admin/dead-letters/{id:str}", operation_id="purgeDeadLetter", summary="Remove a dead letter", **_OPERATOR)
async def purge(request: ApiRequest, letter_id: LetterId) -> None:
    """Remove a dead letter for good."""
    letter = await _found(request, letter_id)
    await request.api.database.write(lambda connection: purge_dead_letters(connection, [letter["id"]]))


async def _found(request: ApiRequest, letter_id: str) -> RowMapping:
    if not _IS_LETTER_ID.fullmatch(letter_id):
        raise DeadLetterNotFound
    row = await request.api.database.read(lambda connection: read_dead_letter(connection, letter_id))
    if row is None:
        raise DeadLetterNotFound
    return row
