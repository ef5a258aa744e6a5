"""The library's list of clients, with an end of a connection that costs its own rooms, not a walk through everybody's.

The library keeps a room per socket and walks through all of them at each end: at 8,000 sockets a lost network segment
would stop the event loop for seconds.
"""

from __future__ import annotations

from typing import Any

from socketio import AsyncManager

__all__ = ["IndexedManager"]


class IndexedManager(AsyncManager):  # type: ignore[misc]  # the library has no types
    """`AsyncManager` with an index from each socket to its rooms; of one process, nothing is sent through it."""

    def __init__(self) -> None:
        super().__init__()
        self._rooms_of: dict[tuple[str, str], set[str | None]] = {}

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        """Put a socket into a room."""
        super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
        self._rooms_of.setdefault((namespace, sid), set()).add(room)

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        """Take a socket out of a room."""
        super().basic_leave_room(sid, namespace, room)
        if (rooms := self._rooms_of.get((namespace, sid))) is not None:
            rooms.discard(room)

    def basic_disconnect(self, sid: str, namespace: str, **_kwargs: Any) -> None:
        """Forget a socket."""
        for room in self._rooms_of.pop((namespace, sid), set()):
            super().basic_leave_room(sid, namespace, room)
        self.callbacks.pop(sid, None)
        for pending in (self.pending_connect, self.pending_disconnect):
            if sid in pending.get(namespace, ()):
                pending[namespace].remove(sid)
                if not pending[namespace]:
                    del pending[namespace]

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        """Return the rooms that a socket is in."""
        return [room for room in self._rooms_of.get((namespace, sid), ()) if room is not None]

    def is_joined(self, eio_sid: str) -> bool:
        """Tell whether an Engine.IO connection has joined any namespace."""
        return any(self.is_connected(self.sid_from_eio_sid(eio_sid, namespace), namespace) for namespace in self.rooms)
