"""One socket connection that is joined to one job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from socketio import AsyncClient
from socketio.exceptions import ConnectionError as SocketError
from socketio.exceptions import SocketIOError

from workhall.client.errors import ApiError, Unreachable
from workhall.client.events import Event

__all__ = ["Inbox", "job_feed"]

_NAMESPACE: Final = "/wizard"
_PATIENCE_S: Final = 10.0  # for the handshake and for an ack, as the server's own limit (contract §5)

# What arrives: an event of the job, or None when the connection has ended.
Inbox = asyncio.Queue[Event | None]


@asynccontextmanager
async def job_feed(url: str, token: str, job_id: str, after: int) -> AsyncIterator[Inbox]:
    """Connect, join ``job_id`` and yield the queue that its events after ``after`` are put into.

    Raises:
        ApiError: 401 where the token is refused, 404 where the job is not there or not the caller's.
        Unreachable: no connection.
    """
    inbox: Inbox = asyncio.Queue()
    refusals: list[str] = []
    socket = AsyncClient(reconnection=False, handle_sigint=False)
    _listen(socket, job_id, inbox, refusals)
    try:
        await _connect(socket, url, token, refusals)
        await _join(socket, url, job_id, after)
        yield inbox
    finally:
        await socket.disconnect()


def _listen(socket: AsyncClient, job_id: str, inbox: Inbox, refusals: list[str]) -> None:
    # Servers may add arguments at the end (connection state recovery adds an offset), so every handler takes more.
    def on_event(name: str, data: Any = None, *_more: Any) -> None:
        if isinstance(data, dict) and data.get("jobId") == job_id and isinstance(data.get("seq"), int):
            inbox.put_nowait(Event(name, data["seq"], data))

    def on_end(*_reason: Any) -> None:
        inbox.put_nowait(None)

    def on_refusal(data: Any = None, *_more: Any) -> None:
        refusals.append(str(data.get("message", data)) if isinstance(data, dict) else str(data))

    socket.on("*", on_event, namespace=_NAMESPACE)
    socket.on("disconnect", on_end, namespace=_NAMESPACE)
    socket.on("connect_error", on_refusal, namespace=_NAMESPACE)


async def _connect(socket: AsyncClient, url: str, token: str, refusals: list[str]) -> None:
    try:
        await socket.connect(
            url,
            auth={"token": token, "recovery": False},
            namespaces=[_NAMESPACE],
            transports=["websocket"],
            wait_timeout=_PATIENCE_S,
        )
    except SocketError as error:
        reason = refusals[0] if refusals else str(error)
        if reason.startswith("Authentication"):
            raise ApiError(401, reason) from None
        raise Unreachable(url, reason) from None


async def _join(socket: AsyncClient, url: str, job_id: str, after: int) -> None:
    try:
        ack = await socket.call(
            "job:join", {"jobId": job_id, "after": after}, namespace=_NAMESPACE, timeout=_PATIENCE_S
        )
    except SocketIOError as error:
        raise Unreachable(url, str(error) or type(error).__name__) from None
    answer = ack[0] if isinstance(ack, (list, tuple)) and ack else ack
    if not isinstance(answer, dict) or not answer.get("ok"):
        error_text = answer.get("error") if isinstance(answer, dict) else None
        raise ApiError(404, str(error_text or "Job not found"))
