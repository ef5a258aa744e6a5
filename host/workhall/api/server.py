"""The HTTP server of an api process: uvicorn on a socket that is open already, with our own start and end."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
from collections.abc import Awaitable, Callable, Generator
from typing import Final

import uvicorn
from litestar.types import ASGIApp

from workhall.api.joined_writes import JoinedWritesProtocol

__all__ = ["HttpServer"]

_WS_MAX_BYTES: Final = 1_000_000
_LEAST_GRACE_S: Final = 1.0
_KEEP_ALIVE_S: Final = 65  # longer than the usual 60 s of a proxy, so that the proxy is the one who closes


class HttpServer(uvicorn.Server):
    """Serves ``app`` until `finish`.

    Args:
        app: the application.
        grace_s: seconds that requests under way may take once the end has begun.
        ready: called when the first request can be served.
        drain: awaited at the end, after the listening socket is closed and before connections are.
    """

    def __init__(
        self, app: ASGIApp, *, grace_s: float, ready: Callable[[], None], drain: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=JoinedWritesProtocol,
                ws="websockets-sansio",
                ws_max_size=_WS_MAX_BYTES,
                ws_per_message_deflate=False,
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_S,
            )
        )
        self._grace_s = grace_s
        self._ready = ready
        self._drain = drain

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept, and say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, drain, then let uvicorn end the connections; all within the grace time."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + max(self._grace_s, _LEAST_GRACE_S)
        for server in self.servers:
            server.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                await self._drain()
        self.config.timeout_graceful_shutdown = math.ceil(max(deadline - clock(), _LEAST_GRACE_S))
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals to whoever runs this process."""
        yield

    def finish(self) -> None:
        """Begin the end."""
        self.should_exit = True
