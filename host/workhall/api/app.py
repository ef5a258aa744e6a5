"""`create_app`: every route, put together; nothing happens when this module is imported."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar import Litestar, Router, asgi
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.handlers import ASGIRouteHandler
from litestar.types import ControllerRouterHandler, Receive, Scope, Send

from workhall.api import admin, assets, brands, credits, dead_letters, files, health, jobs
from workhall.api.auth import TokenReader, require_token
from workhall.api.bodies import MAX_BODY
from workhall.api.documents import openapi_config
from workhall.api.endpoints import endpoint_routes
from workhall.api.errors import EXCEPTION_HANDLERS
from workhall.api.queues import queue_routes, submit_elsewhere
from workhall.api.state import ApiRequest, ApiState

__all__ = ["create_app"]

AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]
_BEARER: Final[list[dict[str, list[str]]]] = [{"bearer": []}]
_OWN_ROUTES: Final[list[ControllerRouterHandler]] = [
    jobs.search_jobs,
    jobs.show_job,
    jobs.list_events,
    jobs.list_runs,
    jobs.cancel,
    brands.add_brand,
    brands.search_brands,
    brands.show_brand,
    brands.edit_brand,
    assets.search_assets,
    assets.choose_asset,
    credits.show_credits,
    credits.give_credits,
    admin.list_plugins,
    dead_letters.retry_job,
    dead_letters.search_dead_letters,
    dead_letters.show_dead_letter,
    dead_letters.replay,
    dead_letters.replay_queue,
    dead_letters.purge,
]


def create_app(state: ApiState, hub_asgi: AsgiApp | None = None) -> Litestar:
    """Return the application.

    Args:
        state: what the routes work with; opening and closing it is the caller's business.
        hub_asgi: the Socket.IO server, mounted at ``/socket.io``.
    """
    routes: list[ControllerRouterHandler] = [*_api_routers(state), files.send_file, health.alive, health.ready]
    if hub_asgi is not None:
        routes.append(_mount(hub_asgi))
    return Litestar(
        routes,
        state=State({"api": state, "tokens": TokenReader(state.settings)}),
        request_class=ApiRequest,
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=MAX_BODY,
        cors_config=_cors(state),
        openapi_config=openapi_config(state.registry),
        logging_config=None,
    )


def _api_routers(state: ApiState) -> list[Router]:
    """Return the routes below ``/api``: those of the host behind the token, those of plugins with their own guards."""
    own = Router("/api", route_handlers=_OWN_ROUTES, guards=[require_token], security=_BEARER)
    submitting = [*queue_routes(state), submit_elsewhere, *endpoint_routes(state)]
    return [own, Router("/api", route_handlers=submitting, security=_BEARER)]


def _mount(hub_asgi: AsgiApp) -> ASGIRouteHandler:
    async def sockets(scope: Scope, receive: Receive, send: Send) -> None:
        await hub_asgi(scope, receive, send)

    return asgi("/socket.io", is_mount=True, copy_scope=True)(sockets)


def _cors(state: ApiState) -> CORSConfig:
    exposed: Any = ["Accept-Ranges", "Content-Range", "ETag", "Retry-After", "WWW-Authenticate", "X-Request-Id"]
    return CORSConfig(
        allow_origins=state.settings.origins,
        allow_methods=["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID", "Range"],
        expose_headers=exposed,
        max_age=600,
    )
