"""Every failure as ``{error, details?}`` (contract §4): one table from exception to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.status_codes import HTTP_413_REQUEST_ENTITY_TOO_LARGE
from litestar.types import ExceptionHandler, ExceptionHandlersMap
from pydantic.alias_generators import to_camel

from workhall.access.ownership import AssetNotFound
from workhall.jobs.errors import (
    BrandNotFound,
    DeadLetterNotFound,
    DispatchForbidden,
    IdempotencyConflict,
    InsufficientCredits,
    JobEnded,
    JobNotEnded,
    JobNotFound,
    PayloadInvalid,
    QueueUnavailable,
    QueueUnknown,
)
from workhall.jobs.ids import uuid7
from workhall.jobs.store import DatabaseAway
from workhall.storage import StorageAway

__all__ = ["EXCEPTION_HANDLERS", "EngineAway", "FileMissing"]

AnyRequest = Request[Any, Any, Any]
_log = structlog.get_logger(__name__)
_RETRY_AFTER_S: Final = "1"
_CLIENT_LEFT: Final = "client disconnected prematurely"  # Litestar's words when the body ends early
_HEADERS: Final = {"idempotency_key": "Idempotency-Key"}


class EngineAway(Exception):
    """Redis is known to be away; nothing was accepted."""


class FileMissing(Exception):
    """There is no file to send; the message says why."""


class Answer(NamedTuple):
    """A failure as it is sent."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str] = {}


def _plain(status: HTTPStatus) -> Callable[[Any], Answer]:
    return lambda error: Answer(status, {"error": str(error)})


def _payload_invalid(error: PayloadInvalid) -> Answer:
    return Answer(400, {"error": str(error), "details": error.details})


def _insufficient_credits(error: InsufficientCredits) -> Answer:
    return Answer(402, {"error": str(error), "required": error.required, "available": error.available})


def _queue_unknown(error: QueueUnknown) -> Answer:
    return Answer(404, {"error": str(error), "available": error.available})


def _away(what: str) -> Callable[[Exception], Answer]:
    def answer(error: Exception) -> Answer:
        _log.warning("answered 503", reason=str(error))
        return Answer(503, {"error": f"{what}; try again in a moment"}, {"Retry-After": _RETRY_AFTER_S})

    return answer


def _engine_away(_error: EngineAway) -> Answer:  # the engine has logged it, once
    return Answer(503, {"error": "Redis is away; try again in a moment"}, {"Retry-After": _RETRY_AFTER_S})


def _parameters_invalid(error: ValidationException) -> Answer:
    """Name each query, path or header parameter by its wire name."""
    details = [
        {"field": _HEADERS.get(item.get("key", ""), to_camel(item.get("key", ""))), "message": item["message"]}
        for item in (error.extra if isinstance(error.extra, list) else [])
    ]
    return Answer(400, {"error": "Validation failed", "details": details})


_ANSWERS: Final[dict[type[Exception], Callable[[Any], Answer]]] = {
    PayloadInvalid: _payload_invalid,
    InsufficientCredits: _insufficient_credits,
    DispatchForbidden: _plain(HTTPStatus.FORBIDDEN),
    QueueUnknown: _queue_unknown,
    BrandNotFound: _plain(HTTPStatus.NOT_FOUND),
    JobNotFound: _plain(HTTPStatus.NOT_FOUND),
    DeadLetterNotFound: _plain(HTTPStatus.NOT_FOUND),
    AssetNotFound: _plain(HTTPStatus.NOT_FOUND),
    FileMissing: _plain(HTTPStatus.NOT_FOUND),
    QueueUnavailable: _plain(HTTPStatus.CONFLICT),
    IdempotencyConflict: _plain(HTTPStatus.CONFLICT),
    JobEnded: _plain(HTTPStatus.CONFLICT),
    JobNotEnded: _plain(HTTPStatus.CONFLICT),
    DatabaseAway: _away("The database is away"),
    EngineAway: _engine_away,
    StorageAway: _away("The storage is away"),
    ValidationException: _parameters_invalid,
}


def _response(request: AnyRequest, answer: Answer) -> Response[dict[str, Any] | None]:
    body = None if request.method == "HEAD" else answer.body
    return Response(body, status_code=answer.status, headers=answer.headers, media_type="application/json")


def _handler(answer: Callable[[Any], Answer]) -> ExceptionHandler[Any]:
    return lambda request, error: _response(request, answer(error))


def _http(request: AnyRequest, error: HTTPException) -> Response[dict[str, Any] | None]:
    if error.status_code >= 500 and error.detail != _CLIENT_LEFT:
        return _unexpected(request, error)
    return _response(request, Answer(error.status_code, {"error": error.detail}, error.headers or {}))


def _too_large(request: AnyRequest, _error: HTTPException) -> Response[dict[str, Any] | None]:
    limit = request.route_handler.resolve_request_max_body_size() or 0
    return _response(request, Answer(413, {"error": f"The body is too large; at most {limit // 1_000_000} MB go here"}))


def _unexpected(request: AnyRequest, error: Exception) -> Response[dict[str, Any] | None]:
    """Keep what happened to ourselves, under an id that the caller can name."""
    request_id = str(uuid7())
    _log.error(
        "request failed", request_id=request_id, method=request.method, path=request.scope["path"], exc_info=error
    )
    sentence = "Something went wrong on our side; report it with this id"
    body = {"error": sentence, "details": {"requestId": request_id}}
    return _response(request, Answer(500, body, {"X-Request-Id": request_id}))


# Litestar looks for a status code first, then for the nearest class.
EXCEPTION_HANDLERS: Final[ExceptionHandlersMap] = {
    **{kind: _handler(answer) for kind, answer in _ANSWERS.items()},
    HTTP_413_REQUEST_ENTITY_TOO_LARGE: _too_large,
    HTTPException: _http,
    Exception: _unexpected,
}
