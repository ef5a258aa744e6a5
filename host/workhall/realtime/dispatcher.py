"""One door for everything that a client of a namespace sends: nothing reaches a handler but through here.

A request is taken by these steps: is it an event at all (clients can forge the reserved ones), is the socket within its
rate, is the event known, does the payload fit, does the handler answer in time. Whatever happens, the answer is one
object: ``{ok: true, …}``, the data asked for, or ``{error: "a sentence"}``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from socketio import AsyncNamespace
from socketio.exceptions import ConnectionRefusedError as Refused

from workhall.jobs.errors import BrandNotFound, JobNotFound
from workhall.jobs.principal import Principal
from workhall.jobs.store import DatabaseAway
from workhall.realtime.connection import Connection
from workhall.realtime.limits import Limits
from workhall.realtime.links import Links
from workhall.realtime.requests import sentence_of
from workhall.realtime.rooms import Rooms, user_room

__all__ = ["Answer", "Dispatcher", "RequestRefused", "RequestSpec"]

_log = logging.getLogger("workhall.realtime")
Answer = dict[str, Any]


class RequestRefused(Exception):
    """A request cannot be granted; the message is the answer."""


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """One event of clients: what it carries and who answers it."""

    payload: type[BaseModel]
    answer: Callable[[Connection, Any], Awaitable[Answer]]


class Dispatcher(AsyncNamespace):  # type: ignore[misc]  # the library has no types
    """Everything that happens in one namespace.

    Args:
        namespace: its name.
        requests: the events of clients, by name.
        authenticate: returns who the payload of a CONNECT packet stands for, or raises a refusal.
        rooms: the rooms of this namespace.
        links: the connections below.
        limits: what a socket may take.
    """

    def __init__(
        self,
        namespace: str,
        requests: Mapping[str, RequestSpec],
        authenticate: Callable[[object], Principal],
        rooms: Rooms,
        links: Links,
        limits: Limits,
    ) -> None:
        super().__init__(namespace)
        self._requests, self._authenticate = requests, authenticate
        self._rooms, self._links, self._limits = rooms, links, limits
        self._connections: dict[str, Connection] = {}

    @property
    def sockets(self) -> int:
        """How many sockets are joined."""
        return len(self._connections)

    async def trigger_event(self, event: Any, sid: str, *args: Any) -> Answer | None:
        """Take what the library hands over: a connection's begin, its end, or a request."""
        # The library runs these two while a socket is not, or not any more, connected; a client's forgery while it is.
        if event in ("connect", "disconnect") and not self.server.manager.is_connected(sid, self.namespace):
            step = self._connect if event == "connect" else self._disconnect
            step(sid, *args)
            return None
        connection = self._connections.get(sid)
        if connection is None:
            return {"error": "Not connected"}
        return await self._answer(connection, event, args)

    def _connect(self, sid: str, _environ: Any, auth: object = None) -> None:
        try:
            principal = self._authenticate(auth)
        except Refused:
            raise
        except Exception:  # noqa: BLE001 - logged; the library would leave the socket half connected
            _log.exception("A token could not be verified.")
            raise Refused("Authentication failed: internal error") from None
        eio_sid = self.server.manager.eio_sid_from_sid(sid, self.namespace)
        socket = self.server.eio.sockets.get(eio_sid)
        if socket is None:
            raise Refused("The connection has ended")
        connection = Connection(socket, principal, self._limits, self._links.cut)
        self._connections[sid] = connection
        if principal.user_id is not None:
            self._rooms.enter(connection, user_room(principal.user_id))

    def _disconnect(self, sid: str, _reason: str = "") -> None:
        connection = self._connections.pop(sid, None)
        if connection is not None:
            connection.close()
            self._rooms.leave_all(connection)
            self._links.expect_namespace(connection.eio_sid)

    async def _answer(self, connection: Connection, event: object, args: Sequence[Any]) -> Answer:
        if not connection.bucket.take():
            return {"error": "Too many requests; wait a second and try again"}
        spec = self._requests.get(event) if isinstance(event, str) else None
        if spec is None:
            return {"error": f"Unknown event; {self.namespace} knows {', '.join(self._requests)}"}
        if len(args) != 1:
            return {"error": "The event takes one object"}
        return await self._ask(connection, spec, args[0])

    async def _ask(self, connection: Connection, spec: RequestSpec, payload: object) -> Answer:
        try:
            async with asyncio.timeout(self._limits.answer_s):
                return await spec.answer(connection, spec.payload.model_validate(payload))
        except ValidationError as error:
            return {"error": sentence_of(error)}
        except BrandNotFound:
            return {"error": "Brand not found or not authorized"}
        except (JobNotFound, RequestRefused) as error:
            return {"error": str(error)}
        except (DatabaseAway, TimeoutError):
            return {"error": "The database does not answer; try again in a moment"}
        except Exception:  # noqa: BLE001 - logged; a client that waits for an ack must get one
            _log.exception("A request on %s could not be answered.", self.namespace)
            return {"error": "Internal error; try again"}
