"""The Engine.IO connections below the namespaces: handshakes in time, readable packets, and an end that frees all."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from socketio import AsyncServer

from workhall.realtime.limits import Limits
from workhall.realtime.rate_limit import TokenBucket

__all__ = ["Links"]

_log = logging.getLogger("workhall.realtime")


class Links:
    """Watches over the connections of ``server``; stands before the handlers that the server put into Engine.IO."""

    def __init__(self, server: AsyncServer, limits: Limits) -> None:
        self._server, self._limits = server, limits
        self._ending: set[asyncio.Task[None]] = set()
        self._accept = server.eio.handlers["connect"]
        self._handle = server.eio.handlers["message"]
        self._forget = server.eio.handlers["disconnect"]
        server.eio.on("connect", self._on_connect)
        server.eio.on("message", self._on_message)
        server.eio.on("disconnect", self._on_disconnect)

    def __len__(self) -> int:
        return len(self._server.eio.sockets)

    def expect_namespace(self, eio_sid: str) -> None:
        """Give a connection the time of a handshake to join a namespace; the library would wait for ever."""
        socket = self._server.eio.sockets.get(eio_sid)
        if socket is not None and not socket.closing:
            asyncio.get_running_loop().call_later(self._limits.handshake_s, self._cut_unless_joined, eio_sid)

    def cut(self, socket: Any) -> None:
        """End a connection at once, without a word: its client sees the transport close, and reconnects."""
        if not socket.closing and "cut" not in socket.session:
            socket.session["cut"] = True
            task = asyncio.create_task(self._end(socket), name=f"end {socket.sid}")
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """End every connection."""
        for socket in list(self._server.eio.sockets.values()):
            self.cut(socket)
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def _on_connect(self, eio_sid: str, environ: dict[str, Any]) -> Any:
        bucket = TokenBucket(self._limits.packet_burst, self._limits.packets_per_s)
        self._server.eio.sockets[eio_sid].session["bucket"] = bucket
        self.expect_namespace(eio_sid)
        return await self._accept(eio_sid, environ)

    async def _on_message(self, eio_sid: str, data: Any) -> None:
        socket = self._server.eio.sockets.get(eio_sid)
        if socket is None or socket.closed or "cut" in socket.session:
            return
        if not socket.session["bucket"].take() or socket.queue.qsize() > self._limits.waiting_packets:
            self.cut(socket)
            return
        try:
            await self._handle(eio_sid, data)
        except Exception as error:  # noqa: BLE001 - logged; whatever a packet brings about must end here
            # Node's server ends a connection with an unreadable packet, too; ours would print a traceback for each.
            _log.info("A socket sent what cannot be read (%s) and was disconnected.", type(error).__name__)
            _log.debug("The unreadable packet", exc_info=True)
            self.cut(socket)

    async def _on_disconnect(self, eio_sid: str, reason: str) -> None:
        """Free what waits for the client, and let the writer, or the request that polls, come to its end now.

        The library would keep the socket until its next round, and stumble over what the client still posts.
        """
        await self._forget(eio_sid, reason)
        if (socket := self._server.eio.sockets.pop(eio_sid, None)) is not None:
            while not socket.queue.empty():
                socket.queue.get_nowait()
                socket.queue.task_done()
            socket.queue.put_nowait(None)

    def _cut_unless_joined(self, eio_sid: str) -> None:
        socket = self._server.eio.sockets.get(eio_sid)
        if socket is not None and not self._server.manager.is_joined(eio_sid):
            self.cut(socket)

    async def _end(self, socket: Any) -> None:
        await socket.close(wait=False, abort=True, reason=self._server.reason.TRANSPORT_CLOSE)
