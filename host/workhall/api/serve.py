"""Start-up of an api process: open everything, serve, drain, close."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import structlog
from redis.asyncio import Redis

from workhall.api.app import create_app
from workhall.api.server import HttpServer
from workhall.api.signing import FileSigner
from workhall.api.state import ApiState
from workhall.engine.connections import connect
from workhall.engine.dispatcher import RedisDispatcher
from workhall.engine.roll_call import call_roll
from workhall.jobs.cancel import Canceller
from workhall.jobs.replay import Replayer
from workhall.jobs.store import SqlStore, open_database
from workhall.jobs.store.queues import remember_queues
from workhall.jobs.submit import Submitter
from workhall.plugins.installed import installed_registry
from workhall.plugins.registry import Registry
from workhall.settings import Settings, SettingsError
from workhall.storage import open_storage

if TYPE_CHECKING:
    from workhall.realtime.hub import RealtimeHub

__all__ = ["serve_api"]

_log = structlog.get_logger(__name__)


async def serve_api(settings: Settings, *, sock: socket.socket, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Serve the API and the sockets on ``sock`` until ``stop`` is set, then drain within the grace time.

    Args:
        settings: the host's; ``settings.redis`` must name a server.
        sock: a listening socket; it is closed at the end.
        stop: begins the end.
        ready: called once, when the first request can be served.

    Raises:
        SettingsError: one sentence that names the setting.
        workhall.jobs.store.DatabaseAway: the database cannot be reached at the start.
    """
    with sock:
        if not settings.redis:
            raise SettingsError("REDIS_URL is not set; set it, or use `workhall up`, which brings a server of its own.")
        async with _opened(settings) as (state, hub):
            await _serve(state, hub, sock, stop, ready)


async def _serve(
    state: ApiState, hub: RealtimeHub, sock: socket.socket, stop: asyncio.Event, ready: Callable[[], None]
) -> None:
    _log.info("Initialized %d queues", len(state.registry.processors))
    await _remember(state.store, state.registry)
    app = create_app(state, hub.asgi)

    async def drain() -> None:
        state.draining.set()
        await hub.close()

    server = HttpServer(app, grace_s=state.settings.shutdown_grace_s, ready=ready, drain=drain)
    stopping = asyncio.create_task(_finish_at(stop, server), name="api-stop")
    try:
        await server.serve(sockets=[sock])
    finally:
        stopping.cancel()


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[tuple[ApiState, RealtimeHub]]:
    """Open database, dispatcher and hub; close them in the opposite order, also when one of them does not open."""
    registry, storage = installed_registry(settings), open_storage(settings)
    async with AsyncExitStack() as stack:
        store = SqlStore(open_database(settings.database))
        stack.push_async_callback(store.database.close)
        dispatcher = RedisDispatcher(settings.redis, "api", store.events)
        dispatcher.start()
        stack.push_async_callback(dispatcher.close)
        redis = connect(settings.redis, "api-health")
        stack.push_async_callback(redis.aclose)
        canceller = Canceller(store, dispatcher)
        hub = _new_hub(settings, store, canceller)
        await hub.start()
        stack.push_async_callback(hub.close)
        state = ApiState(
            settings=settings,
            registry=registry,
            store=store,
            submitter=Submitter(registry, store, dispatcher),
            canceller=canceller,
            replayer=Replayer(registry, store, dispatcher),
            engine=dispatcher,
            storage=storage,
            signer=FileSigner(settings),
            count_workers=partial(_count_workers, redis),
        )
        yield state, hub


def _new_hub(settings: Settings, store: SqlStore, canceller: Canceller) -> RealtimeHub:
    """Return the Socket.IO side: here, where the process is wired, and nowhere else, the API knows of it.

    Several api processes on one socket have no sticky routing, which polling needs (contract §5).
    """
    from workhall.realtime.hub import RealtimeHub

    transports = ("websocket", "polling") if settings.api_processes == 1 else ("websocket",)
    return RealtimeHub(settings, store, settings.redis, canceller, transports=transports)


async def _count_workers(redis: Redis) -> int:
    return len((await call_roll(redis, ())).living)


async def _remember(store: SqlStore, registry: Registry) -> None:
    plugins = {queue: registered.plugin for queue, registered in registry.processors.items()}
    await store.database.write(lambda connection: remember_queues(connection, plugins))


async def _finish_at(stop: asyncio.Event, server: HttpServer) -> None:
    await stop.wait()
    server.finish()
