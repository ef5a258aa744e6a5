"""Routes that plugins declare: from one request to the jobs that it stands for.

A plugin's functions run here (``authenticate``, ``expand``, ``respond``), each after the host's own checks of the
request; what they raise never costs a caller an accepted job.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.serialization import encode_json
from pydantic import BaseModel, ValidationError

from workhall.api.auth import check_may_change, identify, not_authenticated
from workhall.api.bodies import max_body
from workhall.api.operations import operation_ids
from workhall.api.state import ApiRequest, ApiState
from workhall.api.submit import KeyHeader, accept_jobs, accepted
from workhall.jobs.errors import PayloadInvalid
from workhall.jobs.payloads import details_of, parse_object, validate_payload
from workhall.jobs.principal import Principal
from workhall.jobs.submit import JobRequest
from workhall.plugins.registry import Registry
from workhall.sdk import AcceptedJob, Endpoint, Processor

__all__ = ["endpoint_routes", "served_endpoints"]

_log = structlog.get_logger(__name__)
# The first part of the host's own paths below /api/v…; a plugin's route there would hide or break one of them.
_RESERVED: Final = frozenset(
    ("admin", "assets", "brands", "credits", "jobs", "products", "tokens", "webhook-endpoints")
)
_PROVEN: Final = Principal(user_id=None, role="service", expires_at=float("inf"))


def served_endpoints(registry: Registry) -> dict[str, Processor]:
    """Return the processors that have a route of their own which the host can serve, by its path below ``/api``."""
    found: dict[str, Processor] = {}
    for one in registry.processors.values():
        path = _path(one.processor)
        if path is not None and path not in found and path.split("/")[2] not in _RESERVED:
            found[path] = one.processor
    return found


def endpoint_routes(api: ApiState) -> list[HTTPRouteHandler]:
    """Return the routes that plugins declare; one whose path is taken is left out, and said so."""
    served = served_endpoints(api.registry)
    for one in api.registry.processors.values():
        if one.processor.endpoint is not None and one.processor not in served.values():
            path = one.processor.endpoint.path
            _log.error("endpoint not served: its path is taken", plugin=one.plugin, path=path)
    operations = operation_ids("post", served)
    return [
        _endpoint_route(path, processor, processor.endpoint, operations[path])
        for path, processor in served.items()
        if processor.endpoint
    ]


def _path(processor: Processor) -> str | None:
    """Return the path of a processor's route without stray slashes, or None where it has none."""
    parts = [part for part in processor.endpoint.path.split("/") if part] if processor.endpoint else []
    return "/" + "/".join(parts) if len(parts) > 1 else None


def _endpoint_route(path: str, processor: Processor, endpoint: Endpoint, operation: str) -> HTTPRouteHandler:
    async def submit(request: ApiRequest, idempotency_key: KeyHeader = None) -> Response[bytes]:
        principal = await _caller(request, processor, endpoint)
        wishes = _wishes(processor, endpoint, await request.body(), principal)
        jobs = await accept_jobs(
            request, principal, wishes, key=idempotency_key, by_endpoint=_is_own(processor, endpoint)
        )
        return Response(_answer(endpoint, jobs), status_code=202, media_type="application/json")

    return post(
        path,
        status_code=202,
        before_request=None if endpoint.authenticate else identify,
        request_max_body_size=max_body(processor),
        operation_id=operation,
        summary=processor.summary or f"Submit jobs to {processor.queue}",
        tags=[path.split("/")[2]],
    )(submit)


def _is_own(processor: Processor, endpoint: Endpoint) -> bool:
    """Whether the route itself, not the caller's role, is the right to dispatch."""
    return endpoint.authenticate is not None or processor.dispatch == "endpoint"


async def _caller(request: ApiRequest, processor: Processor, endpoint: Endpoint) -> Principal:
    """Return who asks. Where the plugin proves the caller, a bearer token counts for nothing."""
    if endpoint.authenticate is None:
        if processor.dispatch == "endpoint":
            check_may_change(request.user)
        return request.user
    try:
        proof = endpoint.authenticate(request.headers, await request.body())
        if inspect.isawaitable(proof):
            await proof
    except PermissionError as error:
        raise not_authenticated(str(error) or "Authentication failed") from None
    return _PROVEN


def _wishes(processor: Processor, endpoint: Endpoint, raw: bytes, principal: Principal) -> list[JobRequest]:
    wishes = [JobRequest(processor.queue, payload) for payload in _payloads(processor, endpoint, raw, principal)]
    if not wishes:
        raise PayloadInvalid([{"field": "", "message": "The request stands for no job."}])
    return wishes


def _payloads(
    processor: Processor, endpoint: Endpoint, raw: bytes, principal: Principal
) -> Sequence[Mapping[str, Any]]:
    if endpoint.request is None and endpoint.expand is None:
        return [parse_object(raw)]
    try:
        asked = _asked(processor, endpoint, raw, principal)
        if endpoint.expand is None:
            return [asked.model_dump(mode="json", by_alias=True, exclude_unset=True)]
        return endpoint.expand(asked)
    except ValidationError as error:
        raise PayloadInvalid(details_of(error)) from None


def _asked(processor: Processor, endpoint: Endpoint, raw: bytes, principal: Principal) -> BaseModel:
    if endpoint.request is None:
        return validate_payload(processor.payload, parse_object(raw), principal, processor.credits)
    return endpoint.request.model_validate_json(raw or b"{}")


def _answer(endpoint: Endpoint, jobs: Sequence[AcceptedJob]) -> bytes:
    """Return the body; the jobs are committed, so a ``respond`` that fails must not look like a refusal."""
    if endpoint.respond is not None:
        try:
            return encode_json(dict(endpoint.respond(jobs)))
        except Exception as error:  # noqa: BLE001 - a plugin's function may raise anything
            _log.error("an endpoint's respond() failed", path=endpoint.path, exc_info=error)
    first, *more = [accepted(job) for job in jobs]
    return encode_json({"jobs": [first, *more], "message": first.message} if more else first)
