"""``/health`` and ``/health/ready``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import structlog
from litestar import Response, get
from msgspec import Meta, Struct
from sqlalchemy import text

from workhall.api.state import ApiRequest, ApiState

__all__ = ["alive", "ready"]

_log = structlog.get_logger(__name__)
_PATIENCE_S: Final = 2.0


class Part(Struct, omit_defaults=True):
    """One part of the system; `message` says what is wrong with it."""

    ok: bool
    message: str = ""


class Readiness(Struct, omit_defaults=True):
    """Whether requests can be served in full; `error` names the parts that are missing."""

    status: Annotated[str, Meta(description="ready, not ready or draining")]
    parts: dict[str, Part]
    error: str | None = None


class Alive(Struct):
    """This process answers."""

    status: str


@get("/health", operation_id="getHealth", summary="Is this process alive?", tags=["health"])
async def alive() -> Alive:
    """Answer 200 as long as this process serves requests."""
    return Alive("ok")


@get("/health/ready", operation_id="getReadiness", summary="Does every part work?", tags=["health"])
async def ready(request: ApiRequest) -> Response[Readiness]:
    """Answer 200 where every part works, else 503 with what is missing."""
    found = await _readiness(request.api)
    headers = {"Retry-After": "1"} if found.error else {}
    return Response(found, status_code=503 if found.error else 200, headers=headers)


async def _readiness(api: ApiState) -> Readiness:
    found = await asyncio.gather(*(_checked(name, check, api) for name, check in _CHECKS.items()))
    parts = dict(zip(_CHECKS, found, strict=True))
    missing = [name for name, part in parts.items() if not part.ok]
    if api.draining.is_set():
        return Readiness("draining", parts, "Not ready: this process is about to end")
    if missing:
        return Readiness("not ready", parts, f"Not ready: {', '.join(missing)}")
    return Readiness("ready", parts)


async def _checked(name: str, check: Callable[[ApiState], Awaitable[str]], api: ApiState) -> Part:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            message = await check(api)
    except TimeoutError:
        message = f"no answer within {_PATIENCE_S:g} s"
    except Exception as error:  # noqa: BLE001 - whatever is wrong, the part does not work
        _log.warning("not ready", part=name, reason=str(error))
        message = "cannot be used"
    return Part(not message, message)


async def _redis(api: ApiState) -> str:
    return "" if api.engine.is_up else "did not answer the last time"


async def _database(api: ApiState) -> str:
    await api.database.read(lambda connection: connection.execute(text("SELECT 1")).close())
    return ""


async def _storage(api: ApiState) -> str:
    await api.storage.exists("health/probe")
    return ""


async def _workers(api: ApiState) -> str:
    return "" if await api.count_workers() else "no worker process is running"


_CHECKS: Final[dict[str, Callable[[ApiState], Awaitable[str]]]] = {
    "redis": _redis,
    "database": _database,
    "storage": _storage,
    "workers": _workers,
}
