"""`RealtimeHub`: the sockets of one API process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from functools import partial
from typing import Any, Final

import socketio

from workhall.jobs.cancel import Canceller
from workhall.jobs.store import SqlStore
from workhall.realtime.authentication import authenticate
from workhall.realtime.catch_up import CatchUp
from workhall.realtime.dispatcher import Dispatcher
from workhall.realtime.fanout import Fanout
from workhall.realtime.limits import Limits
from workhall.realtime.links import Links
from workhall.realtime.packets import is_readable
from workhall.realtime.reader import StreamId, StreamReader
from workhall.realtime.replay import EventRows
from workhall.realtime.rooms import Rooms
from workhall.realtime.server import build_server
from workhall.realtime.wizard import NAMESPACE, Wizard
from workhall.settings import Settings

__all__ = ["RealtimeHub"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
_NO_POLLING: Final = (
    'Polling needs sticky routing, which several API processes do not have; use transports: ["websocket"]'
)
_CLOSING: Final = "The server is closing; connect again in a moment"


class RealtimeHub:
    """Serves Socket.IO and brings the events of the stream to the clients.

    Args:
        settings: for the tokens' key and the origins.
        store: the rows.
        redis_url: where the event stream is.
        canceller: ends jobs that clients cancel.
        transports: ``("websocket",)`` alone where several processes share one port.
        limits: what one client may take.
    """

    def __init__(
        self,
        settings: Settings,
        store: SqlStore,
        redis_url: str,
        canceller: Canceller,
        *,
        transports: Sequence[str] = ("websocket", "polling"),
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits = limits or Limits()
        self._transports, self._is_closed = transports, False
        self._server = build_server(settings, limits, transports)
        self._links = Links(self._server, limits)
        self._rooms, rows = Rooms(), EventRows(store, NAMESPACE)
        requests = Wizard(store, canceller, self._rooms, rows, limits).requests
        self._wizard = Dispatcher(
            NAMESPACE, requests, partial(authenticate, settings), self._rooms, self._links, limits
        )
        self._server.register_namespace(self._wizard)
        self._fanout = Fanout(NAMESPACE, self._rooms, rows)
        self._catch_up = CatchUp(store, self._fanout)
        self._reader = StreamReader(redis_url, self._fanout.deliver, self._catch_up.ask)
        self._app = socketio.ASGIApp(self._server, socketio_path=None)

    @property
    def sockets(self) -> int:
        """How many sockets are joined."""
        return self._wizard.sockets

    @property
    def rooms(self) -> int:
        """How many rooms have somebody in them."""
        return len(self._rooms)

    @property
    def connections(self) -> int:
        """How many connections there are, joined or not."""
        return len(self._links)

    @property
    def is_live(self) -> bool:
        """Whether the event stream is being read."""
        return self._reader.is_up

    @property
    def position(self) -> StreamId:
        """How far the event stream has been read: the id of the last entry, as (epoch ms, number)."""
        return self._reader.position

    async def start(self) -> None:
        """Begin to read the event stream; without Redis that begins when it comes."""
        self._catch_up.start()
        await self._reader.start()

    async def close(self) -> None:
        """Stop reading and end every connection; clients see their transport close, and reconnect elsewhere."""
        if self._is_closed:
            return
        self._is_closed = True
        await self._reader.close()
        await self._catch_up.close()
        self._fanout.close()
        await self._links.close()
        await self._server.shutdown()

    async def asgi(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket; to be mounted at ``/socket.io`` with the prefix taken off."""
        if scope["type"] == "http" and self._is_closed:
            await _refuse(send, 503, _CLOSING)
        elif scope["type"] == "http" and "polling" not in self._transports:
            await _refuse(send, 400, _NO_POLLING)
        elif scope["type"] == "http" and _length(scope) > self._limits.message_bytes:
            await _refuse(send, 413, f"A message may have {self._limits.message_bytes} bytes")
        elif scope["type"] == "websocket" and self._is_closed:
            await send({"type": "websocket.close", "code": 1012, "reason": _CLOSING})
        elif scope["type"] == "websocket":
            await self._app(scope, _readable(receive), send)
        else:
            await self._app(scope, receive, send)


def _readable(receive: Receive) -> Receive:
    """Return ``receive``, ending at a frame that is no packet: there the library would raise, half cleaned up."""

    async def receive_packet() -> Message:
        message = await receive()
        if message["type"] == "websocket.receive" and not is_readable(message.get("text")):
            return {"type": "websocket.disconnect", "code": 1002}
        return message

    return receive_packet


def _length(scope: Message) -> int:
    """Return what a request says of its length; the library's own refusal of a long one can wait for ever."""
    value = dict(scope["headers"]).get(b"content-length", b"0")
    return int(value) if value.isdigit() else 0


async def _refuse(send: Send, status: int, sentence: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"1")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": sentence.encode()})
