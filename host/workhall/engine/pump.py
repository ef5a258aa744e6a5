"""The pump: everything that one event-loop turn produced leaves in one script, one in flight at a time.

Under load it batches by itself, idle it costs one round trip. It implements `Dispatcher`, so that submitting and
executing jobs never wait for Redis; what Redis misses while it is away is kept (up to a bound) and sent again, and
what is lost beyond that the reconciler makes good from the rows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from hashlib import sha1
from itertools import chain
from typing import Any, Final, Protocol

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from workhall.engine.connections import backoff_s, is_away
from workhall.engine.scripts import sync_script
from workhall.engine.tasks import end_tasks
from workhall.jobs.ids import queue_of
from workhall.jobs.messages import JobLine, LoggedEvent

__all__ = ["Claimer", "Pump"]

_log = logging.getLogger("workhall.engine")
_MOST_KEPT: Final = 100_000
_MOST_SENT: Final = 2_000
_OVER: Final = ("job:complete", "job:cancelled")
Operation = tuple[str | int, ...]
ReadEvents = Callable[[str, int], Awaitable[list[LoggedEvent]]]


class Claimer(Protocol):
    """The worker's side of claiming."""

    def wants(self) -> dict[str, int]:
        """Return free slots per queue, for queues that are worth asking; they count as taken from now on."""

    def claimed(self, wanted: dict[str, int], epoch: str, job_ids: list[str], due_in_s: float | None) -> None:
        """Take the jobs that a claim brought; ``due_in_s`` is when the next delayed one comes (None: none does)."""

    def missed(self, wanted: dict[str, int]) -> None:
        """Give the slots back: the claim got no answer."""


class Pump:
    """Sends operations to Redis in batches; with a claimer it also claims jobs for ``worker_id``."""

    def __init__(self, redis: Redis, read_events: ReadEvents, worker_id: str = "") -> None:
        self.worker_id = worker_id
        self.is_up = True
        self._redis = redis
        self._read_events = read_events
        self._claimer: Claimer | None = None
        self._operations: list[Operation] = []
        self._wake = asyncio.Event()
        self._script = Script(redis, sync_script())
        self._turning = asyncio.Lock()
        self._tries = 0
        self._task: asyncio.Task[None] | None = None
        self._fillers: set[asyncio.Task[None]] = set()

    def start(self, claimer: Claimer | None = None) -> None:
        """Begin to send, and to claim for ``claimer``."""
        self._claimer = claimer
        self._task = asyncio.create_task(self._run(), name="pump")

    def stop_claiming(self) -> None:
        """Go on sending, claim nothing more."""
        self._claimer = None

    async def close(self, flush_s: float = 2.0) -> None:
        """Send what is waiting, for ``flush_s`` seconds at most, and stop."""
        self.stop_claiming()
        if self._task is None:
            return
        try:
            async with asyncio.timeout(flush_s):
                await self.flushed()
        except TimeoutError:
            _log.warning("Redis did not take the last announcements; another process makes them good.")
        await end_tasks((self._task, *self._fillers))

    async def flushed(self) -> None:
        """Return when everything that was announced up to now has been sent, however long Redis is away."""
        async with self._turning:
            pass  # what is in flight is answered first
        while self._operations or self._fillers:
            if self._fillers:
                await asyncio.wait(self._fillers)
            await self._turn()

    def ask(self) -> None:
        """Look for work in the next turn."""
        self._wake.set()

    def enqueue(self, lines: Iterable[JobLine]) -> None:
        """See `Dispatcher.enqueue`."""
        for line in lines:
            if line.run_at:
                self._add("schedule", line.job_id, line.queue_name, line.priority, line.run_at)
            else:
                self._add("enqueue", line.job_id, line.queue_name, line.priority)

    def publish(self, events: Iterable[LoggedEvent]) -> None:
        """See `Dispatcher.publish`."""
        for event in events:
            over = event.name in _OVER or '"retriesLeft":0,' in event.data
            brand, user = event.brand_id or "", event.user_id or ""
            self._add("publish", event.job_id, event.seq, int(over), event.name, brand, user, event.wire)

    def cancel(self, asked: Iterable[tuple[str, str]]) -> None:
        """See `Dispatcher.cancel`."""
        for job_id, worker_id in asked:
            self._add("tell", worker_id, job_id)

    def done(self, job_ids: Iterable[str]) -> None:
        """See `Dispatcher.done`."""
        for job_id in job_ids:
            self._add("done", self.worker_id, job_id)

    def _add(self, *operation: str | int) -> None:
        if len(self._operations) < _MOST_KEPT:
            self._operations.append(operation)
        self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(0)  # let the turn's jobs run: what they produce leaves with this batch
            await self._turn()

    async def _turn(self) -> None:
        async with self._turning:
            await self._sync()

    async def _sync(self) -> None:
        operations, self._operations = self._operations[:_MOST_SENT], self._operations[_MOST_SENT:]
        wanted = self._claimer.wants() if self._claimer else {}
        batch = [*operations, *self._claim_operation(wanted)]
        if not batch:
            return
        try:
            gaps, claimed = await self._script(list(chain.from_iterable(batch)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the pump must go on
            await self._failed(operations, wanted, error)
        else:
            self._came_back()
            self._fill(gaps)
            self._hand_over(wanted, claimed)
        if self._operations:
            self._wake.set()

    def _claim_operation(self, wanted: dict[str, int]) -> list[Operation]:
        if not wanted:
            return []
        pairs = [argument for pair in wanted.items() for argument in pair]
        return [("claim", self.worker_id, len(wanted), *pairs)]

    def _hand_over(self, wanted: dict[str, int], claimed: Any) -> None:
        if not wanted:
            return
        epoch, job_ids, due_ms = claimed
        if self._claimer is None:  # stopped meanwhile: hand back what this claim took
            self._give_back([job_id.decode() for job_id in job_ids])
            return
        due_in_s = due_ms / 1000 if due_ms >= 0 else None
        self._claimer.claimed(wanted, epoch.decode(), [job_id.decode() for job_id in job_ids], due_in_s)

    def _give_back(self, job_ids: list[str]) -> None:
        # Without their rows their priorities are not known; the front of the queue is where they came from.
        self.enqueue([JobLine(job_id, queue_of(job_id), 0, 0) for job_id in job_ids])
        self.done(job_ids)

    async def _failed(self, operations: list[Operation], wanted: dict[str, int], error: Exception) -> None:
        """Keep what a server that is away did not take; drop what one that is there refuses, lest it block all else."""
        if self._claimer is not None and wanted:
            self._claimer.missed(wanted)
        if is_away(error):
            self._operations = operations + self._operations
            self._note_away(error)
        else:
            _log.error("Redis refused a batch of announcements; the reconciler makes them good.", exc_info=error)
        self._tries += 1
        await asyncio.sleep(backoff_s(self._tries))
        self._wake.set()

    def _note_away(self, error: Exception) -> None:
        if self.is_up:
            _log.warning("Redis is away (%s); jobs are kept in the database meanwhile.", error)
            self.is_up = False

    def _came_back(self) -> None:
        self._tries = 0
        if not self.is_up:
            _log.warning("Redis is back.")
            self.is_up = True

    def _fill(self, gaps: list[tuple[bytes, int]]) -> None:
        for job_id, last in dict(gaps).items():
            self.republish(job_id.decode(), last)

    def republish(self, job_id: str, after: int = 0) -> None:
        """Announce a job's events above ``after`` from the rows; what was announced before is dropped by Redis."""
        task = asyncio.create_task(self._fill_gap(job_id, after), name="fill-gap")
        self._fillers.add(task)
        task.add_done_callback(self._fillers.discard)

    async def _fill_gap(self, job_id: str, last: int) -> None:
        try:
            while events := await self._read_events(job_id, last):  # a page at a time
                self.publish(events)
                last = events[-1].seq
        except Exception as error:  # noqa: BLE001 - the reconciler comes by later
            _log.warning("The missing events of %s could not be read: %s", job_id, error)


class Script:
    """A script that Redis may have forgotten: loaded again where it has."""

    def __init__(self, redis: Redis, source: str) -> None:
        self._redis = redis
        self._source = source
        self._sha = sha1(source.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, arguments: Sequence[str | int]) -> Any:
        """Run it; all its arguments are ARGV."""
        try:
            return await self._redis.execute_command("EVALSHA", self._sha, 0, *arguments)  # type: ignore[no-untyped-call]
        except NoScriptError:
            return await self._redis.execute_command("EVAL", self._source, 0, *arguments)  # type: ignore[no-untyped-call]
