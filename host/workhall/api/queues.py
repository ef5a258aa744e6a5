"""``POST /v1/jobs/{queue}``: one concrete route per queue, and a last one that says why there is none."""

from __future__ import annotations

import re
from typing import Annotated, Final

from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from workhall.api.auth import identify
from workhall.api.bodies import max_body
from workhall.api.operations import operation_ids
from workhall.api.state import ApiRequest, ApiState
from workhall.api.submit import KeyHeader, accept_jobs, accepted
from workhall.api.wire import Accepted
from workhall.jobs.errors import QueueUnavailable, QueueUnknown
from workhall.jobs.payloads import parse_object
from workhall.jobs.store.queues import read_queue_plugin
from workhall.jobs.submit import JobRequest
from workhall.plugins.registry import UnknownQueueError
from workhall.sdk import Processor

__all__ = ["queue_routes", "submit_elsewhere"]

_QUEUE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_YEAR_S: Final = 366 * 86_400

Delay = Annotated[float, QueryParameter(ge=0, le=_YEAR_S, description="seconds before which the job does not start")]
Priority = Annotated[
    int | None,
    QueryParameter(ge=0, le=1000, description="lower runs sooner; a user may not go below the queue's own"),
]


def queue_routes(api: ApiState) -> list[HTTPRouteHandler]:
    """Return the routes of all queues that are served."""
    operations = operation_ids("submit", api.registry.processors)
    return [_queue_route(one.processor, operations[queue]) for queue, one in api.registry.processors.items()]


def _queue_route(processor: Processor, operation: str) -> HTTPRouteHandler:
    queue = processor.queue

    async def submit(
        request: ApiRequest, delay: Delay = 0, priority: Priority = None, idempotency_key: KeyHeader = None
    ) -> Accepted:
        wish = JobRequest(queue, parse_object(await request.body()), delay, priority)
        (job,) = await accept_jobs(request, request.user, [wish], key=idempotency_key)
        return accepted(job)

    return post(
        f"/v1/jobs/{queue}",
        status_code=202,
        before_request=identify,
        request_max_body_size=max_body(processor),
        operation_id=operation,
        summary=processor.summary or f"Submit a job to {queue}",
        tags=["queues"],
    )(submit)


@post("/v1/jobs/{queue:str}", status_code=202, before_request=identify, include_in_schema=False)
async def submit_elsewhere(request: ApiRequest, queue: FromPath[str]) -> Accepted:
    """Say why there is no such queue: never known, or known but not served now."""
    api = request.api
    try:
        api.registry.queue(queue)
    except UnknownQueueError as error:
        if error.reason:
            raise QueueUnavailable(error.reason) from None
    plugin = await _former_plugin(api, queue)
    if plugin is None:
        raise QueueUnknown(queue, sorted(api.registry.processors))
    reasons = [record.reason for record in api.registry.records if record.name == plugin and record.reason]
    gone = f'The queue "{queue}" belongs to the plugin {plugin}, which is not installed; install it again.'
    raise QueueUnavailable(reasons[0] if reasons else gone)


async def _former_plugin(api: ApiState, queue: str) -> str | None:
    if not _QUEUE.fullmatch(queue):
        return None
    return await api.database.read(lambda connection: read_queue_plugin(connection, queue))
