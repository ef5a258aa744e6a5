"""Repairs of jobs by their rows; each step is guarded by the row, so that two repairers at once are safe."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from workhall.engine.roll_call import RollCall
from workhall.jobs.ids import now_ms
from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import JobState, Rescue
from workhall.jobs.ports import Dispatcher, Store
from workhall.jobs.status import CLAIMABLE, JobStatus

__all__ = ["Repairs"]

_log = logging.getLogger("workhall.engine")


class Repairs:
    """What can be done for a job that a death in between left where it is."""

    def __init__(self, store: Store, dispatcher: Dispatcher) -> None:
        self._store = store
        self._dispatcher = dispatcher

    def queue(self, states: Iterable[JobState]) -> None:
        """Make the waiting ones known to Redis."""
        self._dispatcher.enqueue([state.line for state in states if state.status in CLAIMABLE])

    async def rescue(self, states: Iterable[JobState], why: str) -> None:
        """Take the running ones from their workers, uncharged; one that has moved on meanwhile is left alone."""
        rescues = [_rescue_of(state, why) for state in states if state.status is JobStatus.PROCESSING]
        for rescued in await self._store.rescue(rescues) if rescues else []:
            if rescued is not None:
                self._dispatcher.enqueue([rescued.line])
                self._dispatcher.publish([rescued.event])
                _log.warning("%s goes back to its queue: %s", rescued.line.job_id, why)

    async def announce(self, states: Sequence[JobState], roll: RollCall) -> None:
        """Publish the committed events that Redis has not seen, a page at a time."""
        for state in states:
            last = roll.published(state)
            while last < state.last_seq and (events := await self._store.events(state.line.job_id, last)):
                self._dispatcher.publish(events)
                last = events[-1].seq


def _rescue_of(state: JobState, why: str) -> Rescue:
    at = now_ms()
    line = state.line
    event = JobEvents(line.job_id, line.queue_name, state.brand_id, state.claim_no)
    message = "Its worker is gone; waiting for another"
    return Rescue(line.job_id, state.worker_id or "", event.queued(at, message=message), at, why)
