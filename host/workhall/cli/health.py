"""A worker's health over HTTP, for orchestrators: ``/health`` (it lives) and ``/health/ready`` (it takes jobs)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
import uvicorn

from workhall.supervisor.listener import open_listener

__all__ = ["Health", "serve_health"]

Message = MutableMapping[str, Any]
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Health:
    """What the answers say."""

    stop: asyncio.Event
    ready: bool = False

    def answer(self, path: str) -> tuple[int, str]:
        """Return the status code and the word for ``path``."""
        if path == "/health":
            return 200, "ok"
        if path != "/health/ready":
            return 404, "not found"
        if self.stop.is_set():
            return 503, "draining"
        return (200, "ok") if self.ready else (503, "starting")

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        """Answer one request (ASGI)."""
        code, word = self.answer(scope["path"])
        body = json.dumps({"status": word}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": code, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class _Server(uvicorn.Server):
    """A server that leaves the signals to the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


@asynccontextmanager
async def serve_health(health: Health, port: int | None) -> AsyncIterator[int | None]:
    """Answer on every interface while the body runs; yields the port. With ``port`` None nothing is served."""
    if port is None:
        yield None
        return
    listener = open_listener("0.0.0.0", port)  # noqa: S104 - an orchestrator asks from outside
    config = uvicorn.Config(health, lifespan="off", log_config=None, access_log=False, ws="none", server_header=False)
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    bound = listener.getsockname()[1]
    _log.info("health is served", port=bound)
    try:
        yield bound
    finally:
        server.should_exit = True
        await serving
        listener.close()
