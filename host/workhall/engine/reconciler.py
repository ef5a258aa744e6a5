"""The reconciler: whatever a death in between left undone is made good from the rows.

Every worker process has one; a lock in Redis elects who works, two at once are safe because every step is guarded by
the row. Nothing here is on the way of a job that goes well.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Final

from redis.asyncio import Redis

from workhall.engine.connections import AWAY
from workhall.engine.lease import LEASE_S, RENEW_S
from workhall.engine.roll_call import RollCall, call_roll, held_by
from workhall.jobs.ids import now_ms
from workhall.jobs.job_events import JobEvents
from workhall.jobs.ports import Dispatcher, JobState, Rescue, Store
from workhall.jobs.status import CLAIMABLE, JobStatus
from workhall.jobs.store.database import DatabaseAway

__all__ = ["Reconciler"]

_BEAT_S: Final = 1.0
_RECENT_EVERY_S: Final = 3.0
_FULL_EVERY_S: Final = 60.0
_RECENT_MS: Final = 120_000
_SETTLING_MS: Final = 2_000  # a row this young is still on its way to Redis
_PAGE: Final = 500
_log = logging.getLogger("workhall.engine")


class Reconciler:
    """Repairs; ``busy`` tells which jobs this process itself is at work on."""

    def __init__(
        self, worker_id: str, redis: Redis, store: Store, dispatcher: Dispatcher, busy: Callable[[], set[str]]
    ) -> None:
        self._worker_id = worker_id
        self._redis = redis
        self._store = store
        self._dispatcher = dispatcher
        self._busy = busy
        self._strays: set[str] = set()
        self._full_at = self._recent_at = 0.0
        self._patient_until = 0.0

    def start_over(self) -> None:
        """Redis is new to us (start, reconnect, wiped): look at every row, but let workers sign in first."""
        self._full_at = 0.0
        self._patient_until = time.monotonic() + LEASE_S + RENEW_S

    async def run(self) -> None:
        """Repair for ever."""
        self.start_over()
        while True:
            try:
                await self._beat()
            except (*AWAY, DatabaseAway) as error:
                _log.debug("The reconciler waits: %s", error)
            except Exception:  # noqa: BLE001 - one bad row must not end all repairs
                _log.exception("A repair failed; it is tried again.")
            await asyncio.sleep(_BEAT_S)

    async def _beat(self) -> None:
        await self._release_strays()
        if not await self._elected():
            return
        await self._bury_the_dead()
        now = time.monotonic()
        if now - self._full_at >= _FULL_EVERY_S:
            await self._sweep((0, ""))
            self._full_at = self._recent_at = now
        elif now - self._recent_at >= _RECENT_EVERY_S:
            await self._sweep((now_ms() - _RECENT_MS, ""))
            self._recent_at = now

    async def _elected(self) -> bool:
        term_ms = int(_BEAT_S * 4000)
        if await self._redis.set("saq:reconciler", self._worker_id, nx=True, px=term_ms):
            return True
        if await self._redis.get("saq:reconciler") != self._worker_id.encode():
            return False
        await self._redis.pexpire("saq:reconciler", term_ms)
        return True

    async def _release_strays(self) -> None:
        """Jobs that Redis thinks we have and we know nothing of: the answer to their claim was lost."""
        strays = await held_by(self._redis, self._worker_id) - self._busy()
        twice, self._strays = strays & self._strays, strays - self._strays
        if twice:
            await self._repair(await self._store.states(sorted(twice)), orphans_of=None)
            self._dispatcher.done(twice)

    async def _bury_the_dead(self) -> None:
        roll = await call_roll(self._redis, ())
        for worker in roll.dead:
            held = sorted(await held_by(self._redis, worker))
            for page in _pages(held):
                await self._repair(await self._store.states(page), orphans_of=worker)
            await self._redis.delete(f"saq:claims:{worker}", f"saq:wake:{worker}")
            await self._redis.zrem("saq:leases", worker)
            _log.warning("Worker %s is gone; %d of its jobs were looked after.", worker, len(held))

    async def _sweep(self, after: tuple[int, str]) -> None:
        """Compare rows with Redis, page by page."""
        while page := await self._store.live(after, _PAGE):
            settled = [state for state in page if now_ms() - state.created_at > _SETTLING_MS]
            roll = await call_roll(self._redis, [state.line for state in settled])
            await self._repair([state for state in settled if self._is_amiss(state, roll)], orphans_of=None)
            await self._publish_missing([state for state in settled if roll.published(state) < state.last_seq], roll)
            after = (page[-1].created_at, page[-1].line.job_id)

    def _is_amiss(self, state: JobState, roll: RollCall) -> bool:
        if state.status in CLAIMABLE:
            return state.line.job_id not in roll.known
        if state.status is not JobStatus.PROCESSING or state.worker_id in roll.living:
            return False
        return time.monotonic() > self._patient_until

    async def _repair(self, states: Sequence[JobState], orphans_of: str | None) -> None:
        """Queue what waits, rescue what a dead worker runs, announce what ended."""
        lost = [state for state in states if state.status is JobStatus.PROCESSING]
        if orphans_of is not None:
            lost = [state for state in lost if state.worker_id == orphans_of]
        self._dispatcher.enqueue([state.line for state in states if state.status in CLAIMABLE])
        await self._rescue([state for state in lost if state.worker_id != self._worker_id])
        if orphans_of is not None:
            roll = await call_roll(self._redis, [state.line for state in states])
            await self._publish_missing(states, roll)

    async def _rescue(self, states: Sequence[JobState]) -> None:
        rescues = [_rescue_of(state) for state in states]
        for rescued in await self._store.rescue(rescues) if rescues else []:
            if rescued is not None:
                self._dispatcher.enqueue([rescued.line])
                self._dispatcher.publish([rescued.event])
                _log.warning("%s was rescued from a worker that is gone.", rescued.line.job_id)

    async def _publish_missing(self, states: Iterable[JobState], roll: RollCall) -> None:
        for state in states:
            self._dispatcher.publish(await self._store.events(state.line.job_id, roll.published(state)))


def _rescue_of(state: JobState) -> Rescue:
    at = now_ms()
    line = state.line
    event = JobEvents(line.job_id, line.queue_name, state.brand_id, state.claim_no)
    message = "Its worker is gone; waiting for another"
    return Rescue(line.job_id, state.worker_id or "", event.queued(at, message=message), at)


def _pages(job_ids: Sequence[str]) -> Iterable[list[str]]:
    rest = iter(job_ids)
    while page := list(islice(rest, _PAGE)):
        yield page
