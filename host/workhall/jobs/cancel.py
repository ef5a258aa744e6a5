"""Cancel a job."""

from __future__ import annotations

from workhall.jobs.ports import Dispatcher
from workhall.jobs.store import SqlStore
from workhall.jobs.store.cancels import apply_cancels

__all__ = ["Canceller"]


class Canceller:
    """Ends waiting jobs at once and asks running ones to end."""

    def __init__(self, store: SqlStore, dispatcher: Dispatcher) -> None:
        self._store = store
        self._dispatcher = dispatcher

    async def cancel(self, job_id: str) -> bool:
        """Cancel ``job_id``; False where it has ended already or does not exist."""
        (events,) = await self._store.database.write(lambda connection: apply_cancels(connection, [job_id]))
        if events:
            self._dispatcher.publish(events)
        return events is not None
