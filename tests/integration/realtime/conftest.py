"""A hub in a real server, and clients for it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvicorn
from litestar import Litestar, asgi
from litestar.types import Receive, Scope, Send
from workhall.access.tokens import issue_token
from workhall.engine.dispatcher import RedisDispatcher
from workhall.jobs.cancel import Canceller
from workhall.jobs.store import SqlStore
from workhall.realtime.hub import RealtimeHub
from workhall.settings import Settings

from tests.integration.realtime.clients import NodeClient, Poller, PythonClient, RawSocket
from tests.integration.realtime.job_log import JobLog, new_user


@asynccontextmanager
async def serving(hub: RealtimeHub) -> AsyncIterator[str]:
    """Serve the hub as the API does; yields the address."""

    @asgi("/socket.io", is_mount=True, copy_scope=True)
    async def sockets(scope: Scope, receive: Receive, send: Send) -> None:
        await hub.asgi(scope, receive, send)

    app = Litestar([sockets], openapi_config=None, logging_config=None)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws_max_size=1_000_000,
        ws_per_message_deflate=False,
        lifespan="on",
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.005)
        await hub.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        await hub.close()
        server.should_exit = True
        await task


class System:
    """A running hub, its log of jobs, and its clients."""

    def __init__(self, hub: RealtimeHub, url: str, settings: Settings, log: JobLog, stack: AsyncExitStack) -> None:
        self.hub, self.url, self.settings, self.log = hub, url, settings, log
        self.user = new_user()
        self._stack = stack

    def token(self, user_id: str | None = None, **claims: Any) -> str:
        return issue_token(self.settings, user_id or self.user, **claims)

    async def client(self, user_id: str | None = None) -> PythonClient:
        """A connected Python client of ``user_id``."""
        client = PythonClient()
        await client.connect(self.url, self.token(user_id))
        self._stack.push_async_callback(client.close)
        return client

    async def node(self) -> NodeClient:
        """A JavaScript client, not connected yet."""
        client = NodeClient()
        await client.start()
        self._stack.push_async_callback(client.close)
        return client

    async def raw(self, *, joined: bool = False) -> RawSocket:
        """A bare WebSocket after the Engine.IO handshake; ``joined`` to /wizard."""
        session = await self._stack.enter_async_context(aiohttp.ClientSession())
        ws = await self._stack.enter_async_context(
            session.ws_connect(f"{self.url}/socket.io/?EIO=4&transport=websocket", max_msg_size=0)
        )
        raw = RawSocket(ws)
        assert (await raw.receive()).startswith("0{")
        if joined:
            assert (await raw.ask(f'40/wizard,{{"token":"{self.token()}"}}')).startswith("40/wizard,{")
        return raw

    async def poller(self) -> Poller:
        """A bare polling client after the Engine.IO handshake."""
        poller = Poller(await self._stack.enter_async_context(aiohttp.ClientSession()), self.url)
        await poller.open()
        return poller

    async def flushed(self) -> None:
        """Wait until the hub has read all that was announced, so that "from now on" has a meaning."""
        last = (await self.log.redis.xinfo_stream("socket:events"))["last-generated-id"].decode()
        milliseconds, number = map(int, last.split("-"))
        await self.until(lambda: self.hub.position >= (milliseconds, number))

    async def until(self, happened: Callable[[], bool], within_s: float = 15) -> None:
        """Wait for something inside the hub."""
        async with asyncio.timeout(within_s):
            while not happened():
                await asyncio.sleep(0.01)


StartSystem = Callable[..., Awaitable[System]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path,
        secret_key="a secret of thirty-two characters",
        public_url="https://hall.example",
        _env_file=None,
    )  # type: ignore[call-arg]


@pytest.fixture
async def start_system(settings: Settings, store: SqlStore) -> AsyncIterator[StartSystem]:
    """Starts a hub that reads from the given Redis, with given options."""
    async with AsyncExitStack() as stack:

        async def start(redis_url: str, **options: Any) -> System:
            dispatcher = RedisDispatcher(redis_url, "api", store.events)
            dispatcher.start()
            stack.push_async_callback(dispatcher.close)
            hub = RealtimeHub(settings, store, redis_url, Canceller(store, dispatcher), **options)
            url = await stack.enter_async_context(serving(hub))
            log = JobLog(store, redis_url)
            stack.push_async_callback(log.close)
            return System(hub, url, settings, log, stack)

        yield start


@pytest.fixture
async def system(start_system: StartSystem, valkey: str) -> System:
    """A hub on an empty Valkey."""
    return await start_system(valkey)
