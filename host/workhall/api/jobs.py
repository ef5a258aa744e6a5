"""``/v1/jobs…``: jobs, their events and attempts, and their cancelling."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import Annotated, Final
from uuid import UUID

from litestar import get, post
from litestar.params import PathParameter, QueryParameter
from sqlalchemy import RowMapping

from workhall.access.cancelling import cancel_job
from workhall.access.ownership import visible_job
from workhall.api.paging import CursorParameter, LimitParameter, cut_page, read_cursor
from workhall.api.records import attempt_record, event_record, job_record
from workhall.api.state import ApiRequest, ApiState
from workhall.api.wire import AttemptList, Done, EventList, JobPage, JobRecord
from workhall.jobs.errors import JobNotFound
from workhall.jobs.messages import LoggedEvent
from workhall.jobs.status import TERMINAL, JobStatus
from workhall.jobs.store.records import JobFilter, list_jobs, read_attempts

__all__ = ["JobId", "cancel", "check_job_id", "list_events", "list_runs", "search_jobs", "show_job"]

_UUID: Final = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_JOB_ID: Final = rf"^[a-z0-9][a-z0-9-]{{0,63}}-{_UUID}$"
_IS_JOB_ID: Final = re.compile(_JOB_ID)
_EVENTS_AT_ONCE: Final = 1000
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 0.5

JobId = Annotated[str, PathParameter(name="jobId")]
QueueFilter = Annotated[str | None, QueryParameter(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", description="a queue's name")]
StatusFilter = Annotated[JobStatus | None, QueryParameter(description="only jobs in this status")]
BrandFilter = Annotated[UUID | None, QueryParameter(name="brandId", description="only jobs of this brand")]
ParentFilter = Annotated[
    str | None, QueryParameter(name="parentJobId", pattern=_JOB_ID, description="only its children")
]
Wait = Annotated[float, QueryParameter(ge=0, le=60, description="seconds to wait for the job to change")]
After = Annotated[int, QueryParameter(ge=0, le=2**31 - 1, description="only events with a greater `seq`")]


@get("/v1/jobs", operation_id="listJobs", summary="List jobs, newest first", tags=["jobs"])
async def search_jobs(
    request: ApiRequest,
    queue: QueueFilter = None,
    status: StatusFilter = None,
    brand_id: BrandFilter = None,
    parent_job_id: ParentFilter = None,
    limit: LimitParameter = 50,
    cursor: CursorParameter = None,
) -> JobPage:
    """Return a page of the caller's jobs."""
    wanted = JobFilter(
        user_id=None if request.user.sees_all else request.user.user_id,
        queue=queue,
        status=status,
        brand_id=str(brand_id) if brand_id else None,
        parent_job_id=parent_job_id,
        before=read_cursor(cursor),
        limit=limit + 1,
    )
    rows = await request.api.database.read(lambda connection: list_jobs(connection, wanted))
    page, following = cut_page(rows, limit, lambda row: (row["created_at"], row["job_id"]))
    return JobPage([job_record(row) for row in page], following)


@get("/v1/jobs/{jobId:str}", operation_id="getJob", summary="Show a job", tags=["jobs"])
async def show_job(request: ApiRequest, job_id: JobId, wait: Wait = 0) -> JobRecord:
    """Return a job; with `wait`, when it changes or the time is over."""
    row = await _visible(request, job_id)
    if wait and row["status"] not in TERMINAL:
        await _wait_for_change(request.api, job_id, row["last_seq"], wait)
        row = await _visible(request, job_id)
    return job_record(row)


@get("/v1/jobs/{jobId:str}/events", operation_id="listJobEvents", summary="List a job's events", tags=["jobs"])
async def list_events(request: ApiRequest, job_id: JobId, after: After = 0) -> EventList:
    """Return a job's events so far."""
    await _visible(request, job_id)
    return EventList([event_record(event) for event in await _events(request.api, job_id, after)])


@get("/v1/jobs/{jobId:str}/attempts", operation_id="listJobAttempts", summary="List a job's runs", tags=["jobs"])
async def list_runs(request: ApiRequest, job_id: JobId) -> AttemptList:
    """Return a job's attempts."""
    await _visible(request, job_id)
    rows = await request.api.database.read(lambda connection: read_attempts(connection, job_id))
    return AttemptList([attempt_record(row) for row in rows])


@post("/v1/jobs/{jobId:str}/cancel", status_code=200, operation_id="cancelJob", summary="Cancel a job", tags=["jobs"])
async def cancel(request: ApiRequest, job_id: JobId) -> Done:
    """End a job: at once where it waits, at its next await where it runs. Its children end with it."""
    check_job_id(job_id)
    cancellation = await cancel_job(request.api.database, request.api.canceller, request.user, job_id)
    return Done(ok=True, message=cancellation.message)


def check_job_id(job_id: str) -> None:
    """Let pass what can be a job's id.

    Raises:
        JobNotFound: it is none.
    """
    if not _IS_JOB_ID.fullmatch(job_id):
        raise JobNotFound


async def _visible(request: ApiRequest, job_id: str) -> RowMapping:
    check_job_id(job_id)
    return await visible_job(request.api.database, request.user, job_id)


async def _events(api: ApiState, job_id: str, after: int) -> list[LoggedEvent]:
    events: list[LoggedEvent] = []
    while page := await api.store.events(job_id, after, _EVENTS_AT_ONCE):
        events += page
        after = page[-1].seq
        if len(page) < _EVENTS_AT_ONCE:
            break
    return events


async def _wait_for_change(api: ApiState, job_id: str, last_seq: int, wait_s: float) -> None:
    """Return when the job has a new event, when the time is over, or when this process is about to end."""
    pause = _FIRST_PAUSE_S
    with suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            while not await _drains_within(api, pause):
                states = await api.store.states([job_id])
                if not states or states[0].last_seq != last_seq:
                    return
                pause = min(pause * 1.5, _LONGEST_PAUSE_S)


async def _drains_within(api: ApiState, seconds: float) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(api.draining.wait(), seconds)
    return api.draining.is_set()
