"""Claims of one worker process: from ids that Redis gave to attempts that run."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from redis.asyncio import Redis

from workhall.engine.connections import FAULTS, backoff_s
from workhall.engine.pump import Pump
from workhall.engine.slots import Slots
from workhall.engine.worker import HostWorker
from workhall.jobs.ids import now_ms, queue_of
from workhall.jobs.messages import Claim, ClaimedJob, JobLine, NotClaimed
from workhall.jobs.ports import Store
from workhall.jobs.store.database import DatabaseAway

__all__ = ["JobClaimer"]

_NAP_S: Final = 1.0
_log = logging.getLogger("workhall.engine")


class JobClaimer:
    """Implements the pump's `Claimer`: asks for what there is room for, starts what it gets."""

    def __init__(self, pump: Pump, store: Store, workers: Mapping[str, HostWorker], sleeper: Redis) -> None:
        self._pump = pump
        self._store = store
        self._workers = workers
        self._sleeper = sleeper
        self._slots = Slots({queue: worker.concurrency for queue, worker in workers.items()})
        self._starting: set[asyncio.Task[None]] = set()
        self._alarm: asyncio.TimerHandle | None = None
        self.pending: set[str] = set()
        self.epoch = ""
        self.on_new_epoch: Callable[[], None] = lambda: None
        self.on_cancel: Callable[[str], None] = lambda _job_id: None
        self.on_leave: Callable[[str], None] = lambda _queue: None

    def ended(self, queue: str) -> None:
        """A job ended: its slot is free, and its queue worth asking."""
        self._slots.release(queue)
        self._slots.ask(queue)
        self._pump.ask()

    def wants(self) -> dict[str, int]:
        """See `Claimer.wants`."""
        return self._slots.take_wanted()

    def missed(self, wanted: dict[str, int]) -> None:
        """See `Claimer.missed`."""
        self._slots.give_back(wanted)

    def claimed(self, wanted: dict[str, int], epoch: str, job_ids: list[str], due_in_s: float | None) -> None:
        """See `Claimer.claimed`."""
        self._slots.settle(wanted, Counter(map(queue_of, job_ids)))
        self._note_epoch(epoch)
        if due_in_s is not None:
            self._set_alarm(due_in_s)
        if job_ids:
            self.pending.update(job_ids)
            task = asyncio.create_task(self._start(job_ids), name="claim")
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

    async def sleep(self, worker_id: str) -> None:
        """Wait for wake tokens for ever; each, and each nap's end, makes the queues worth asking again."""
        tries = 0
        while True:
            try:
                token = await self._sleeper.blpop([f"saq:wake:{worker_id}"], timeout=_NAP_S)  # type: ignore[misc]
                tries = 0
                self._heed(token)
            except FAULTS:
                tries += 1
                await asyncio.sleep(backoff_s(tries))
            self._ask()

    def _heed(self, token: tuple[bytes, bytes] | None) -> None:
        word, _, rest = token[1].decode().partition(":") if token is not None else ("", "", "")
        if word == "cancel":
            self.on_cancel(rest)
        elif word == "leave":
            self.on_leave(rest)

    def leave(self, queue: str) -> None:
        """Claim nothing more of ``queue``; what runs goes on."""
        if self._slots.leave(queue):
            _log.info("The queue %s has a worker of its own now.", queue)

    async def settled(self) -> None:
        """Wait until every claim under way has become an attempt or was given back."""
        while self._starting:
            await asyncio.wait(self._starting)

    async def _start(self, job_ids: list[str]) -> None:
        claims = [Claim(job_id, self._pump.worker_id, now_ms()) for job_id in job_ids]
        try:
            answers = await self._store.claim(claims)
        except DatabaseAway as error:
            await self._leave(job_ids, error)
        except Exception as error:  # noqa: BLE001 - one bad row must not hold up its neighbours
            await self._one_by_one(job_ids, error)
        else:
            self._begin(answers)
        finally:
            self.pending.difference_update(job_ids)

    def _begin(self, answers: Sequence[ClaimedJob | NotClaimed]) -> None:
        self._pump.publish([answer.event for answer in answers if isinstance(answer, ClaimedJob)])
        for answer in answers:
            if isinstance(answer, ClaimedJob):
                self._workers[answer.queue_name].begin(answer)
            else:
                self._let_go(answer)

    def _let_go(self, refused: NotClaimed) -> None:
        """A row that may not start: it has ended, runs elsewhere, or is due later."""
        queue = queue_of(refused.job_id)
        self._pump.done([refused.job_id])
        if refused.run_at is not None:
            self._pump.enqueue([JobLine(refused.job_id, queue, refused.priority, refused.run_at)])
        else:
            self._pump.republish(refused.job_id)  # whoever ended it may have died before it could say so
        self.ended(queue)

    async def _one_by_one(self, job_ids: list[str], error: Exception) -> None:
        if len(job_ids) > 1:
            await asyncio.gather(*(self._start([job_id]) for job_id in job_ids))
        else:
            await self._leave(job_ids, error)

    async def _leave(self, job_ids: list[str], error: Exception) -> None:
        """Leave jobs in the claims without being at work on them: the reconciler reads their rows.

        They may have been started (a COMMIT of unknown outcome), and only their rows know their priorities.
        """
        _log.warning("%d claimed jobs could not be started: %s", len(job_ids), error)
        await asyncio.sleep(_NAP_S)  # a database that is away is not asked in a circle
        for job_id in job_ids:
            self.ended(queue_of(job_id))

    def _note_epoch(self, epoch: str) -> None:
        if epoch != self.epoch:
            self.epoch = epoch
            self.on_new_epoch()

    def _set_alarm(self, due_in_s: float) -> None:
        """Keep the earliest alarm: this answer spoke only for the queues that were asked."""
        loop = asyncio.get_running_loop()
        if self._alarm is not None:
            if self._alarm.when() <= loop.time() + due_in_s:
                return
            self._alarm.cancel()
        self._alarm = loop.call_later(due_in_s, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._ask()

    def _ask(self) -> None:
        self._slots.ask_all()
        self._pump.ask()
