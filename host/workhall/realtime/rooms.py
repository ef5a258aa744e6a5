"""Who is in which room; only the server builds their names."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Final

from workhall.realtime.connection import Connection

__all__ = ["Rooms", "brand_room", "job_room", "user_room"]

_JOB: Final = "job:"
_NOBODY: Final[frozenset[Connection]] = frozenset()


def job_room(job_id: str) -> str:
    """Return the name of the room of a job."""
    return _JOB + job_id


def brand_room(brand_id: str) -> str:
    """Return the name of the room of a brand."""
    return f"brand:{brand_id}"


def user_room(user_id: str) -> str:
    """Return the name of the room of a user."""
    return f"user:{user_id}"


class Rooms:
    """The rooms of one namespace in this process, indexed both ways: an end costs the socket's rooms, not all."""

    def __init__(self) -> None:
        self._members: dict[str, set[Connection]] = {}

    def __len__(self) -> int:
        return len(self._members)

    def members(self, room: str) -> Set[Connection]:
        """Return who is in the room."""
        return self._members.get(room, _NOBODY)

    def jobs(self) -> Iterator[str]:
        """Return the ids of the jobs whose room has somebody in it."""
        return (room.removeprefix(_JOB) for room in self._members if room.startswith(_JOB))

    def enter(self, connection: Connection, room: str) -> None:
        """Put the socket into the room; one that is gone stays out."""
        if not connection.gone:
            self._members.setdefault(room, set()).add(connection)
            connection.rooms.add(room)

    def leave(self, connection: Connection, room: str) -> None:
        """Take the socket out of the room, if it is there."""
        connection.rooms.discard(room)
        members = self._members.get(room)
        if members is None:
            return
        members.discard(connection)
        if not members:
            del self._members[room]

    def leave_all(self, connection: Connection) -> None:
        """Take the socket out of every room."""
        for room in list(connection.rooms):
            self.leave(connection, room)
