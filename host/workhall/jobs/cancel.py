"""Cancel a job, and its children with it."""

from __future__ import annotations

from workhall.jobs.ports import Dispatcher
from workhall.jobs.store import SqlStore
from workhall.jobs.store.cancels import Cancellation, apply_cancels

__all__ = ["Canceller"]


class Canceller:
    """Ends waiting jobs at once and asks running ones to end."""

    def __init__(self, store: SqlStore, dispatcher: Dispatcher) -> None:
        self._store = store
        self._dispatcher = dispatcher

    async def cancel(self, job_id: str) -> Cancellation | None:
        """Cancel ``job_id``; None where it has ended already or does not exist.

        A running job is told by a hint; a hint that is lost is made good by its worker, which reads the row.
        """
        (done,) = await self._store.database.write(lambda connection: apply_cancels(connection, [job_id]))
        if done is not None:
            self._dispatcher.publish(done.events)
            self._dispatcher.cancel(done.asked)
        return done
