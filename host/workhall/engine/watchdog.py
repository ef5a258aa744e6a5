"""The watchdog of a worker process: ends it hard when one job holds up all others, and names that job.

A thread looks twice a second at the loop's beat and at handlers past their time-out, and more often at the memory in
use, so that it sees whose code is executing while it grows. A C thread
(`faulthandler`), armed anew at each look, needs no GIL: it ends the process when the looks fail to come, because some
C call holds the GIL. That must be before other workers rescue the jobs of a lease that is not renewed, or whoever
holds the GIL would never be charged; so its limit is a second below the lease's time, whatever the job's time-out is.
"""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

from workhall.engine.flight_recorder import Flight, FlightRecorder
from workhall.engine.lease import LEASE_S
from workhall.engine.memory import Scales, memory_limit_bytes

__all__ = ["GIL_HELD_S", "WATCHDOG_EXIT", "Watchdog"]

WATCHDOG_EXIT: Final = 86  # none of sysexits.h, nor of a shell
GIL_HELD_S: Final = LEASE_S - 1
_LOOK_EVERY_S: Final = 0.5
_WEIGH_EVERY_S: Final = 0.05  # what grows between two looks is put down to the job that executes at the second
_SILENT_S: Final = 1.0  # a loop that beats every half second and has not for this long is held up
_log = logging.getLogger("workhall.engine")


class Watchdog:
    """Watches one worker process.

    Args:
        recorder: what executes.
        in_handler: the jobs whose handlers run, finished or not with what their time-out asked of them.
        grace_s: how long a job may go on past its time-out.
        memory_mb: most megabytes of memory in use; 0 for four fifths of what the machine or the container has.
    """

    def __init__(
        self, recorder: FlightRecorder, in_handler: Callable[[], set[str]], *, grace_s: float, memory_mb: int
    ) -> None:
        self._recorder = recorder
        self._in_handler = in_handler
        self._grace_s = grace_s
        self._most_bytes = memory_limit_bytes(memory_mb)
        self._scales: Scales[tuple[str, int]] = Scales()
        self._loop_beat = time.monotonic()
        self._late: set[tuple[str, int]] = set()
        self._over = threading.Event()
        self._stacks: Any = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch this process inside; the recorder's file must be open."""
        assert self._recorder.file is not None  # noqa: S101 - the caller's order
        thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
        with self._recorder.file.stacks.open("w") as self._stacks:
            faulthandler.enable(self._stacks)
            self._arm()  # the thread's first look may never come
            self._beat(asyncio.get_running_loop())
            thread.start()
            try:
                yield
            finally:
                self._over.set()
                thread.join()
                faulthandler.cancel_dump_traceback_later()
                faulthandler.disable()

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop_beat = time.monotonic()
        if not self._over.is_set():
            loop.call_later(_LOOK_EVERY_S, self._beat, loop)

    def _run(self) -> None:
        due = 0.0
        while not self._over.wait(_WEIGH_EVERY_S):
            self._weigh()
            if (now := time.monotonic()) >= due:
                due = now + _LOOK_EVERY_S
                self._arm()
                self._look(now)

    def _arm(self) -> None:
        faulthandler.dump_traceback_later(GIL_HELD_S, exit=True, file=self._stacks)

    def _weigh(self) -> None:
        # A call that holds the GIL while it takes the memory is seen only when it is over: then by how long it took.
        longest = self._recorder.take_longest()
        blamed = self._recorder.executing() or ([longest] if longest else [])
        executing = {(flight.job.job_id, flight.job.claim_no) for flight in blamed}
        flights = self._recorder.flights.copy()
        if self._scales.weigh(executing, flights) > self._most_bytes:
            heaviest = self._scales.heaviest()
            eaters = [flights[heaviest]] if heaviest in flights else list(flights.values())
            self._end(f"memory over {self._most_bytes >> 20} MB", eaters)

    def _look(self, now: float) -> None:
        if now - self._loop_beat > _SILENT_S:
            self._look_at_silence(now)
        else:
            self._look_for_late(now)

    def _look_at_silence(self, now: float) -> None:
        self._late = set()
        deadlines = [flight.deadline for flight in self._recorder.flights.copy().values()]
        holding = self._recorder.on_loop
        if deadlines and now > max(min(deadlines), self._loop_beat) + self._grace_s:
            self._end("event loop blocked past the time-out", [holding] if holding else [])

    def _look_for_late(self, now: float) -> None:
        """Find what is late at two looks in a row with a living loop: a time-out was given its chance to act."""
        running = self._in_handler()
        flights = [flight for key, flight in self._recorder.flights.copy().items() if key[0] in running]
        flights += self._recorder.threads.copy().values()
        late = {
            (flight.job.job_id, flight.job.claim_no): flight
            for flight in flights
            if now > flight.deadline + self._grace_s
        }
        if certain := self._late & set(late):
            self._end("time-out ignored", [late[key] for key in certain])
        self._late = set(late)

    def _end(self, verdict: str, culprits: Iterable[Flight]) -> NoReturn:
        found = list({flight.suspect(): flight for flight in culprits}.values())
        names = ", ".join(flight.job.job_id for flight in found) or "no job"
        if self._recorder.file is not None:
            self._recorder.file.accuse(verdict, [flight.suspect() for flight in found])
        faulthandler.dump_traceback(self._stacks)
        _log.error("This worker ends itself: %s (%s).", verdict, names)
        os._exit(WATCHDOG_EXIT)
