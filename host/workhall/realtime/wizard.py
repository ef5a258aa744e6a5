"""The namespace ``/wizard``: following brands and jobs, and ending jobs. Ownership is asked on every request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from workhall.access.cancelling import cancel_job
from workhall.access.ownership import visible_brand, visible_job
from workhall.jobs.cancel import Canceller
from workhall.jobs.errors import DispatchForbidden, JobEnded, JobNotFound
from workhall.jobs.store import SqlStore
from workhall.realtime.connection import Connection
from workhall.realtime.dispatcher import Answer, RequestRefused, RequestSpec
from workhall.realtime.limits import Limits
from workhall.realtime.replay import Cursor, EventRows
from workhall.realtime.requests import BrandRequest, JobRequest
from workhall.realtime.rooms import Rooms, brand_room, job_room
from workhall.realtime.status import status_of

__all__ = ["NAMESPACE", "Wizard"]

NAMESPACE: Final = "/wizard"


class Wizard:
    """Answers the requests of clients (contract §5)."""

    def __init__(self, store: SqlStore, canceller: Canceller, rooms: Rooms, rows: EventRows, limits: Limits) -> None:
        self._database, self._canceller = store.database, canceller
        self._rooms, self._rows, self._limits = rooms, rows, limits

    @property
    def requests(self) -> Mapping[str, RequestSpec]:
        """The events of clients, by name."""
        return {
            "brand:join": RequestSpec(BrandRequest, self.join_brand),
            "brand:leave": RequestSpec(BrandRequest, self.leave_brand),
            "job:join": RequestSpec(JobRequest, self.join_job),
            "job:leave": RequestSpec(JobRequest, self.leave_job),
            "job:status": RequestSpec(JobRequest, self.job_status),
            "job:cancel": RequestSpec(JobRequest, self.cancel_job),
        }

    async def join_brand(self, connection: Connection, wanted: BrandRequest) -> Answer:
        """Send the events of all jobs of a brand from now on."""
        brand = await visible_brand(self._database, connection.principal, wanted.brand_id)
        self._enter(connection, brand_room(brand.id))
        return {"ok": True}

    async def leave_brand(self, connection: Connection, wanted: BrandRequest) -> Answer:
        """Send them no more. Leaving is never refused; the answer still tells nothing about others' brands."""
        self._rooms.leave(connection, brand_room(wanted.brand_id))
        await visible_brand(self._database, connection.principal, wanted.brand_id)
        return {"ok": True}

    async def join_job(self, connection: Connection, wanted: JobRequest) -> Answer:
        """Send the events of a job; with ``after``, those above it from the log first, then the live ones.

        The answer comes when the socket is in the room, before the first of the events. Without ``after`` a socket
        that is in the room already stays where it is.
        """
        row = await visible_job(self._database, connection.principal, wanted.job_id)
        job_id: str = row["job_id"]
        self._enter(connection, job_room(job_id))
        if wanted.after is not None:
            after = min(wanted.after, row["last_seq"])
            connection.follow(Cursor(job_id, self._rows, connection, after))
        return {"ok": True}

    async def leave_job(self, connection: Connection, wanted: JobRequest) -> Answer:
        """Send the events of a job no more, except through its brand's room."""
        connection.unfollow(wanted.job_id)
        self._rooms.leave(connection, job_room(wanted.job_id))
        await visible_job(self._database, connection.principal, wanted.job_id)
        return {"ok": True}

    async def job_status(self, connection: Connection, wanted: JobRequest) -> Answer:
        """Tell where a job is."""
        return status_of(await visible_job(self._database, connection.principal, wanted.job_id))

    async def cancel_job(self, connection: Connection, wanted: JobRequest) -> Answer:
        """End a job: at once where it waits, at its next await where it runs."""
        try:
            done = await cancel_job(self._database, self._canceller, connection.principal, wanted.job_id)
        except JobNotFound:  # not told apart: whether another's job exists is nobody's business
            raise RequestRefused("Not authorized to cancel this job") from None
        except (DispatchForbidden, JobEnded) as error:
            raise RequestRefused(str(error)) from None
        return {"ok": True, "message": done.message}

    def _enter(self, connection: Connection, room: str) -> None:
        if connection.gone:  # it ended while the database was asked
            raise RequestRefused("Not connected")
        if len(connection.rooms) >= self._limits.rooms and room not in connection.rooms:
            raise RequestRefused(f"A socket may follow {self._limits.rooms} brands and jobs; leave some first")
        self._rooms.enter(connection, room)
