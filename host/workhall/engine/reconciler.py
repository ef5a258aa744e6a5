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

from workhall.engine.connections import is_away
from workhall.engine.lease import LEASE_S, RENEW_S
from workhall.engine.repairs import Repairs
from workhall.engine.roll_call import RollCall, call_roll, held_by
from workhall.jobs.ids import now_ms
from workhall.jobs.messages import JobState
from workhall.jobs.ports import Dispatcher, Store
from workhall.jobs.store.database import DatabaseAway

__all__ = ["Reconciler"]

_BEAT_S: Final = 1.0
_RECENT_EVERY_S: Final = 3.0
_FULL_EVERY_S: Final = 60.0
_RECENT_MS: Final = 120_000
_SETTLING_MS: Final = 2_000  # a row this young is still on its way to Redis
# After Redis was away, or we did not look, every lease may have run out: the living renew theirs within this time.
_DEAD_AFTER_S: Final = RENEW_S + _BEAT_S
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
        self._repairs = Repairs(store, dispatcher)
        self._busy = busy
        self._strays: set[str] = set()
        self._dead_since: dict[str, float] = {}
        self._full_due = self._recent_due = 0.0
        self._patient_until = 0.0
        self._epoch: bytes | None = None
        self._lost_sight = False

    def start_over(self) -> None:
        """Redis is new to us (start, reconnect, wiped): look at every row, but let workers sign in first."""
        self._full_due = 0.0
        self._patient_until = time.monotonic() + LEASE_S + RENEW_S

    async def run(self) -> None:
        """Repair for ever."""
        self.start_over()
        while True:
            try:
                await self._beat()
            except Exception as error:  # noqa: BLE001 - one bad row must not end all repairs
                self._failed(error)
            await asyncio.sleep(_BEAT_S)

    def _failed(self, error: Exception) -> None:
        """Note what went wrong; whatever was under way is done again, from its beginning."""
        self._full_due = 0.0
        if is_away(error):
            self._lost_sight = True
        if is_away(error) or isinstance(error, DatabaseAway):
            _log.debug("The reconciler waits: %s", error)
        else:
            _log.error("A repair failed; it is tried again.", exc_info=error)

    async def _beat(self) -> None:
        await self._meet_redis()
        await self._release_strays()
        if not await self._elected():
            return
        await self._bury_the_dead()
        now = time.monotonic()
        if now >= self._full_due:
            self._full_due = self._patient_until if now < self._patient_until else now + _FULL_EVERY_S
            self._recent_due = now + _RECENT_EVERY_S
            await self._sweep((0, ""))
        elif now >= self._recent_due:
            self._recent_due = now + _RECENT_EVERY_S
            await self._sweep((now_ms() - _RECENT_MS, ""))

    async def _meet_redis(self) -> None:
        """Notice a server that was away or wiped, also where no claim would tell because every slot is taken."""
        epoch = await self._redis.get("saq:epoch")
        if self._lost_sight or epoch != self._epoch:
            self._lost_sight, self._epoch = False, epoch
            self.start_over()

    async def _elected(self) -> bool:
        term_ms = int(_BEAT_S * 4000)
        if await self._redis.set("saq:reconciler", self._worker_id, nx=True, px=term_ms):
            return True
        if await self._redis.get("saq:reconciler") != self._worker_id.encode():
            return False
        await self._redis.pexpire("saq:reconciler", term_ms)
        return True

    async def _release_strays(self) -> None:
        """Jobs that Redis thinks we have and that we are not at work on.

        The answer to their claim was lost, or it is not known whether their start or their end was committed.
        """
        strays = await held_by(self._redis, self._worker_id) - self._busy()
        twice, self._strays = strays & self._strays, strays - self._strays
        if not twice:
            return
        states = [state for state in await self._store.states(sorted(twice)) if state.line.job_id not in self._busy()]
        self._repairs.queue(states)
        ours = [state for state in states if state.worker_id == self._worker_id]
        await self._repairs.rescue(ours, "its start or its end could not be recorded")
        self._dispatcher.done(twice)

    async def _bury_the_dead(self) -> None:
        roll = await call_roll(self._redis, ())
        now = time.monotonic()
        dead = (worker for worker in roll.dead if worker != self._worker_id)
        self._dead_since = {worker: self._dead_since.get(worker, now) for worker in dead}
        for worker, since in self._dead_since.items():
            if worker in roll.certain or now - since >= _DEAD_AFTER_S:
                await self._bury(worker)

    async def _bury(self, worker: str) -> None:
        held = sorted(await held_by(self._redis, worker))
        for page in _pages(held):
            states = await self._store.states(page)
            self._repairs.queue(states)
            orphans = [state for state in states if state.worker_id == worker]
            await self._repairs.rescue(orphans, f"worker {worker} is gone")
            await self._repairs.announce(states, await call_roll(self._redis, [state.line for state in states]))
        await self._redis.delete(f"saq:claims:{worker}", f"saq:wake:{worker}")
        await self._redis.zrem("saq:leases", worker)
        self._full_due = 0.0  # it may have run jobs that its claims, wiped or dropped, don't hold
        _log.warning("Worker %s is gone; %d of its jobs were looked after.", worker, len(held))

    async def _sweep(self, after: tuple[int, str]) -> None:
        """Compare rows with Redis, page by page."""
        while page := await self._store.live(after, _PAGE):
            settled = [state for state in page if now_ms() - state.created_at > _SETTLING_MS]
            roll = await call_roll(self._redis, [state.line for state in settled])
            self._repairs.queue(state for state in settled if state.line.job_id not in roll.known)
            await self._repairs.rescue(self._orphans(settled, roll), "its worker is gone")
            await self._repairs.announce(settled, roll)
            after = (page[-1].created_at, page[-1].line.job_id)

    def _orphans(self, states: Sequence[JobState], roll: RollCall) -> list[JobState]:
        """Running jobs of workers without any lease; those whose lease has run out are buried with their worker."""
        if time.monotonic() <= self._patient_until:
            return []
        signed_in = {self._worker_id, *roll.living, *roll.dead}
        return [state for state in states if state.worker_id not in signed_in]


def _pages(job_ids: Sequence[str]) -> Iterable[list[str]]:
    rest = iter(job_ids)
    while page := list(islice(rest, _PAGE)):
        yield page
