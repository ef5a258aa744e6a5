"""From a request to accepted jobs: what every submitting route shares."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Final

from litestar.params import HeaderParameter

from workhall.api.errors import EngineAway
from workhall.api.state import ApiRequest
from workhall.api.wire import Accepted
from workhall.jobs.messages import IdempotencyKey
from workhall.jobs.principal import Principal
from workhall.jobs.submit import JobRequest
from workhall.sdk import AcceptedJob

__all__ = ["MESSAGE", "KeyHeader", "accept_jobs", "accepted", "bind_key", "check_engine"]

MESSAGE: Final = "Job accepted"

KeyHeader = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="the same key and request from the same user answers with the same job; another request: 409",
    ),
]


async def accept_jobs(
    request: ApiRequest,
    principal: Principal,
    wishes: Sequence[JobRequest],
    *,
    key: str | None,
    by_endpoint: bool = False,
) -> list[AcceptedJob]:
    """Accept all ``wishes`` or none; their rows are committed when this returns.

    Raises:
        EngineAway: Redis is known to be away; nothing was accepted.
        workhall.jobs.errors.JobsError: what is wrong with the request.
        workhall.jobs.store.DatabaseAway: nothing was accepted.
    """
    check_engine(request)
    idempotency = await bind_key(request, principal, key)
    return await request.api.submitter.submit(principal, wishes, idempotency=idempotency, by_endpoint=by_endpoint)


def accepted(job: AcceptedJob) -> Accepted:
    """Return the answer for one job."""
    return Accepted(job.job_id, job.generation_job_id, job.queue_name, MESSAGE)


def check_engine(request: ApiRequest) -> None:
    """Refuse what would make jobs while Redis is known to be away.

    Raises:
        EngineAway: it is.
    """
    if not request.api.engine.is_up:
        raise EngineAway("Redis did not answer the last time")


async def bind_key(request: ApiRequest, principal: Principal, key: str | None) -> IdempotencyKey | None:
    """Bind the key to this very request: path, query and body. Callers without a user share their role's keys."""
    if key is None:
        return None
    asked = hashlib.sha256(request.scope["path"].encode())
    asked.update(b"?" + request.scope["query_string"] + b"\n")
    asked.update(await request.body())
    return IdempotencyKey(principal.user_id or principal.role, key, asked.hexdigest())
