"""One attempt under way: what it may write, fenced by its claim."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from workhall.jobs.job_events import JobEvents
from workhall.jobs.ports import ClaimedJob, Dispatcher, JobWrite, Store, Written
from workhall.jobs.store.database import DatabaseAway
from workhall.sdk import JobCancelled

__all__ = ["Attempt", "ClaimLost"]

_log = logging.getLogger("workhall.jobs")
_LONGEST_WAIT_S: Final = 5.0


class ClaimLost(JobCancelled):
    """Another worker has the job now; whatever this attempt still does changes nothing."""


class Attempt:
    """Writes of one claimed job: committed first, announced afterwards."""

    def __init__(self, job: ClaimedJob, store: Store, dispatcher: Dispatcher) -> None:
        self.job = job
        self.store = store
        self.dispatcher = dispatcher
        self.events = JobEvents(job.job_id, job.queue_name, job.brand_id, job.claim_no)
        self.cancel_requested = job.cancel_requested
        self.lost = False
        self._together: JobWrite | None = None

    def new_write(self) -> JobWrite:
        """Return an empty write under this attempt's fence."""
        return JobWrite(self.job.job_id, self.job.claim_no)

    async def write(self, write: JobWrite) -> None:
        """Commit ``write``, or add it to the transaction that is open.

        Raises:
            ClaimLost: the job is no longer ours.
        """
        if self._together is not None:
            _add(self._together, write)
            return
        written = await self._commit(write)
        if written is None:
            self.lost = True
            raise ClaimLost("Another worker has taken the job over.")
        self.cancel_requested = written.cancel_requested
        self.dispatcher.enqueue(written.children)
        self.dispatcher.publish(written.events)

    def check(self) -> None:
        """Stop here if the job was cancelled or lost.

        Raises:
            JobCancelled: it was.
        """
        if self.lost:
            raise ClaimLost("Another worker has taken the job over.")
        if self.cancel_requested:
            raise JobCancelled("The job was cancelled.")

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Collect the writes made inside and commit them as one; nothing is written where the block raises."""
        if self._together is not None:
            raise RuntimeError("A transaction is open already; transactions don't nest.")
        collected = self._together = self.new_write()
        try:
            yield
        finally:
            self._together = None
        await self.write(collected)

    async def _commit(self, write: JobWrite) -> Written | None:
        """Commit; a database that is away is waited for, because the attempt's work must not be lost with it."""
        wait_s = 0.2
        while True:
            try:
                return await self.store.write(write)
            except DatabaseAway as error:
                _log.warning("%s waits for the database: %s", self.job.job_id, error)
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)


def _add(collected: JobWrite, write: JobWrite) -> None:
    for name in ("events", "steps", "children", "assets", "stored_assets"):
        getattr(collected, name).extend(getattr(write, name))
    for name in ("stage", "progress", "message"):
        if (value := getattr(write, name)) is not None:
            setattr(collected, name, value)
