"""One attempt under way: what it may write, fenced by its claim."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from workhall.jobs.errors import InsufficientCredits
from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import ClaimedJob, JobWrite, Written
from workhall.jobs.ports import Dispatcher, Store
from workhall.jobs.store.database import DatabaseAway
from workhall.sdk import JobCancelled, PermanentError

__all__ = ["Attempt", "ClaimLost"]

_log = logging.getLogger("workhall.jobs")
_LONGEST_WAIT_S: Final = 5.0


class ClaimLost(JobCancelled):
    """Another worker has the job now; whatever this attempt still does changes nothing."""


@dataclass(slots=True)
class _Transaction:
    """Writes that are committed together, as long as it is open."""

    write: JobWrite
    is_open: bool = True


# A context variable, so that what other tasks of the same attempt write meanwhile stays out of the transaction.
_TRANSACTION: Final[ContextVar[_Transaction | None]] = ContextVar("workhall_transaction", default=None)


class Attempt:
    """Writes of one claimed job: committed first, announced afterwards."""

    def __init__(self, job: ClaimedJob, store: Store, dispatcher: Dispatcher) -> None:
        self.job = job
        self.store = store
        self.dispatcher = dispatcher
        self.events = JobEvents(job.job_id, job.queue_name, job.brand_id, job.claim_no)
        self.cancel_requested = job.cancel_requested
        self.lost = False

    def new_write(self) -> JobWrite:
        """Return an empty write under this attempt's fence."""
        return JobWrite(self.job.job_id, self.job.claim_no)

    async def write(self, write: JobWrite) -> None:
        """Commit ``write``, or add it to the transaction that the caller has open.

        Raises:
            ClaimLost: the job is no longer ours.
        """
        transaction = _TRANSACTION.get()
        if transaction is not None and transaction.is_open:
            transaction.write.add(write)
        else:
            await self.commit(write)

    async def commit(self, write: JobWrite) -> None:
        """Commit ``write`` at once, whatever transaction is open.

        Raises:
            ClaimLost: the job is no longer ours.
            PermanentError: the user cannot pay for a child.
        """
        try:
            written = await self._written(write)
        except InsufficientCredits as error:
            raise PermanentError(
                f"The child jobs cost {error.required} credits, and {error.available} are left."
            ) from None
        if written is None:
            self.lost = True
            raise ClaimLost("Another worker has taken the job over.")
        self.cancel_requested = written.cancel_requested
        self.dispatcher.enqueue(written.children)
        self.dispatcher.publish(written.events)
        if written.asked:
            self.dispatcher.cancel(written.asked)

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
        outer = _TRANSACTION.get()
        if outer is not None and outer.is_open:
            raise RuntimeError("A transaction is open already; transactions don't nest.")
        transaction = _Transaction(self.new_write())
        _TRANSACTION.set(transaction)
        try:
            yield
        finally:
            transaction.is_open = False
        await self.commit(transaction.write)

    async def _written(self, write: JobWrite) -> Written | None:
        """Commit; a database that is away is waited for, because the attempt's work must not be lost with it."""
        wait_s, is_unsure = 0.2, False
        while True:
            try:
                written = await self.store.write(write)
                return await self._read_again(write) if written is None and is_unsure else written
            except DatabaseAway as error:
                _log.warning("%s waits for the database: %s", self.job.job_id, error)
                is_unsure = True
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)

    async def _read_again(self, write: JobWrite) -> Written | None:
        """After a COMMIT of unknown outcome: tell from the row whether it was this write that ended the attempt."""
        for state in await self.store.states([write.job_id]):
            if (state.claim_no, state.status) == (write.claim_no, write.status):
                events = await self.store.events(write.job_id, state.last_seq - len(write.events))
                return Written(tuple(events), tuple(child.line for child in write.children), cancel_requested=False)
        return None
