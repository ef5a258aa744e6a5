"""`SqlStore`: the `Store` port over a database."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from workhall.jobs.messages import (
    Claim,
    ClaimedJob,
    JobState,
    JobWrite,
    LoggedEvent,
    NotClaimed,
    Rescue,
    Rescued,
    Submission,
    Submitted,
    Written,
)
from workhall.jobs.store.claims import apply_claims
from workhall.jobs.store.database import Database
from workhall.jobs.store.dead_letters import MakeAlert
from workhall.jobs.store.events import read_events
from workhall.jobs.store.group_commit import GroupCommit
from workhall.jobs.store.rescues import apply_rescues
from workhall.jobs.store.states import read_live, read_states
from workhall.jobs.store.submissions import apply_submissions
from workhall.jobs.store.writes import apply_writes

__all__ = ["SqlStore"]


class SqlStore:
    """Reads and group-committed writes of jobs; `database` serves whatever else is to be asked.

    ``make_alert`` makes the job that tells somebody of a dead letter; without it nobody is told.
    """

    def __init__(self, database: Database, make_alert: MakeAlert | None = None) -> None:
        self.database = database
        self._apply_writes = partial(apply_writes, make_alert=make_alert)  # one object: writes are grouped by it
        self._group = GroupCommit(database)

    async def submit(self, submission: Submission) -> Submitted:
        """See `Store.submit`."""
        return await self._group.commit(apply_submissions, submission)

    async def claim(self, claims: Sequence[Claim]) -> list[ClaimedJob | NotClaimed]:
        """See `Store.claim`."""
        return await self.database.write(lambda connection: apply_claims(connection, claims))

    async def write(self, write: JobWrite) -> Written | None:
        """See `Store.write`."""
        return await self._group.commit(self._apply_writes, write)

    async def rescue(self, rescues: Sequence[Rescue]) -> list[Rescued | None]:
        """See `Store.rescue`."""
        return await self.database.write(lambda connection: apply_rescues(connection, rescues))

    async def states(self, job_ids: Sequence[str]) -> list[JobState]:
        """See `Store.states`."""
        return await self.database.read(lambda connection: read_states(connection, job_ids))

    async def live(self, after: tuple[int, str], limit: int) -> list[JobState]:
        """See `Store.live`."""
        return await self.database.read(lambda connection: read_live(connection, after, limit))

    async def events(self, job_id: str, after: int = 0, limit: int = 1000) -> list[LoggedEvent]:
        """See `Store.events`."""
        return await self.database.read(lambda connection: read_events(connection, job_id, after, limit))
