"""The Socket.IO server: its settings, its origin check, and the namespaces that it refuses."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from socketio import AsyncNamespace, AsyncServer
from socketio.exceptions import ConnectionRefusedError as Refused

from workhall.realtime.limits import Limits
from workhall.realtime.manager import IndexedManager
from workhall.settings import Settings

__all__ = ["OriginCheck", "build_server"]


def build_server(settings: Settings, limits: Limits, transports: Sequence[str]) -> AsyncServer:
    """Return a server that refuses every namespace; the caller registers those that it serves."""
    server = AsyncServer(
        async_mode="asgi",
        client_manager=IndexedManager(),
        namespaces="*",  # all reach a handler, so that a refusal is a sentence and not an empty message
        async_handlers=False,  # one request of a socket at a time: in order, and no more work than it waits for
        transports=list(transports),
        ping_interval=limits.ping_interval_s,
        ping_timeout=limits.ping_timeout_s,
        max_http_buffer_size=limits.message_bytes,
        http_compression=False,
        cors_allowed_origins=OriginCheck(settings),
        cors_credentials=False,
        logger=_library_logger("socketio"),
        engineio_logger=_library_logger("engineio"),
    )
    server.register_namespace(_RefusedNamespaces("*"))
    return server


class OriginCheck:
    """Says which pages may connect: those of CORS_ORIGINS, of PUBLIC_URL, and of this server itself.

    CORS headers alone would not do: a browser sends no preflight for a WebSocket (Fetch standard, "WebSocket opening
    handshake").
    """

    def __init__(self, settings: Settings) -> None:
        public = urlsplit(settings.public_url)
        self._allowed = {*(origin.rstrip("/") for origin in settings.origins), f"{public.scheme}://{public.netloc}"}

    def __call__(self, origin: str | None, environ: Mapping[str, Any]) -> bool:
        """Tell whether a request that carries ``origin`` may pass."""
        if origin is None or "*" in self._allowed or origin in self._allowed:
            return True
        return urlsplit(origin).netloc == environ.get("HTTP_HOST")


class _RefusedNamespaces(AsyncNamespace):  # type: ignore[misc]  # the library has no types
    """Whatever is not served."""

    async def trigger_event(self, event: str, *_args: Any) -> None:
        """Refuse the connection."""
        if event == "connect":
            raise Refused("There is no such namespace; connect to /wizard")


def _library_logger(name: str) -> logging.Logger:
    """Return a logger of ours: the library's own would print past our logging.

    A packet that cannot be read comes with a traceback there; clients could fill the log with them. Those packets are
    noticed, and their connections ended, in `workhall.realtime.links`.
    """
    logger = logging.getLogger(f"workhall.realtime.{name}")
    logger.setLevel(logging.ERROR)
    if not logger.filters:
        logger.addFilter(lambda record: record.exc_info is None)
    return logger
