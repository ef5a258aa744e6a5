"""Writes into the flight file which job executes: on the event loop step by step, in threads call by call.

A job runs in a context of its own, which its tasks and threads inherit; a task factory and a thread pool look there.
So what a handler starts with `asyncio.gather`, `create_task` or `asyncio.to_thread` is known as its own.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, ContextVar, copy_context
from pathlib import Path
from typing import Any, Final

from workhall.engine.flight_file import LOOP, RECORD_BYTES, THREADS, FlightFile, Suspect, record_of, suspect_of
from workhall.jobs.messages import ClaimedJob

__all__ = ["Flight", "FlightRecorder"]

_POOL_THREADS: Final = 32
_ON_LOOP: Final = slice(LOOP, LOOP + RECORD_BYTES)
_A_WHILE_S: Final = 0.02  # most steps take microseconds
_CURRENT: Final[ContextVar[Flight | None]] = ContextVar("workhall_flight", default=None)


class Flight:
    """One attempt under way in this process.

    Attributes:
        deadline: when its time-out is over, by `time.monotonic`.
        record: what stands in the flight file while its code executes on the loop.
    """

    __slots__ = ("deadline", "job", "record", "recorder")

    def __init__(self, recorder: FlightRecorder, job: ClaimedJob) -> None:
        self.recorder = recorder
        self.job = job
        self.deadline = time.monotonic() + job.timeout_s
        self.record = record_of(self.suspect(threading.get_ident()))  # attempts begin in the loop's thread

    def suspect(self, thread: int = 0) -> Suspect:
        """Return how the flight file names it."""
        return Suspect(self.job.job_id, self.job.claim_no, thread)


class FlightRecorder:
    """Knows the attempts under way and what of them executes now."""

    def __init__(self) -> None:
        self.file: FlightFile | None = None
        self.flights: dict[tuple[str, int], Flight] = {}
        self.threads: dict[int, Flight] = {}
        self._longest: tuple[float, Flight] | None = None
        self._places = [LOOP + (1 + number) * RECORD_BYTES for number in range(THREADS)]

    def open(self, folder: Path, worker_id: str, backoffs: Mapping[str, Any]) -> None:
        """Begin the file, and see every task and thread that the running loop starts from now on."""
        self.file = FlightFile(folder, worker_id, backoffs)
        loop = asyncio.get_running_loop()
        loop.set_task_factory(_make_task)
        loop.set_default_executor(_RecordedThreads(_POOL_THREADS, "job"))

    def close(self) -> None:
        """Remove the file: this process ends in order."""
        if self.file is not None:
            self.file.remove()

    def begin(self, job: ClaimedJob) -> Context:
        """Return the context to run the attempt in."""
        flight = self.flights[job.job_id, job.claim_no] = Flight(self, job)
        context = copy_context()
        context.run(_CURRENT.set, flight)
        return context

    def end(self, job: ClaimedJob) -> None:
        """The attempt is over; threads that it left behind are still seen."""
        self.flights.pop((job.job_id, job.claim_no), None)

    @property
    def on_loop(self) -> Flight | None:
        """Whose code executes on the loop at this instant; read from the file, steps are not noted twice."""
        suspect = None if self.file is None else suspect_of(self.file.records[_ON_LOOP])
        return self.flights.get((suspect.job_id, suspect.claim_no)) if suspect else None

    def stepped(self, flight: Flight, seconds: float) -> None:
        """Note a step of an attempt that took a while on the loop."""
        if self._longest is None or seconds > self._longest[0]:
            self._longest = (seconds, flight)

    def take_longest(self) -> Flight | None:
        """Return whose step was the longest of those that took a while since the last call."""
        longest, self._longest = self._longest, None
        return longest[1] if longest else None

    def executing(self) -> list[Flight]:
        """Return whose code executes at this instant, on the loop or in threads."""
        found = [self.on_loop, *self.threads.copy().values()]
        return [flight for flight in found if flight is not None]

    def in_thread(self, flight: Flight, call: Callable[[], Any]) -> Any:
        """Make a call of an attempt in this thread."""
        file, place, thread = self.file, self._places.pop() if self._places else 0, threading.get_ident()
        self.threads[thread] = flight
        if file is not None and place:
            file.records[place : place + RECORD_BYTES] = record_of(flight.suspect(thread))
        try:
            return call()
        finally:
            del self.threads[thread]
            if file is not None and place:
                file.records[place] = 0
                self._places.append(place)


class _Steps(Coroutine[Any, Any, Any]):
    """A coroutine of an attempt, with each of its steps recorded."""

    __slots__ = ("_flight", "_record", "_records", "_send", "_work")

    def __init__(self, work: Coroutine[Any, Any, Any], flight: Flight) -> None:
        assert flight.recorder.file is not None  # noqa: S101 - opened before the first job
        self._flight = flight
        self._work, self._send, self._record = work, work.send, flight.record
        self._records = flight.recorder.file.records

    def send(self, value: Any) -> Any:
        records, began = self._records, time.monotonic()
        records[_ON_LOOP] = self._record
        try:
            return self._send(value)
        finally:
            records[LOOP] = 0
            if (took := time.monotonic() - began) > _A_WHILE_S:
                self._flight.recorder.stepped(self._flight, took)

    def throw(self, *error: Any) -> Any:
        self._records[_ON_LOOP] = self._record
        try:
            return self._work.throw(*error)
        finally:
            self._records[LOOP] = 0

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return (yield from self._work.__await__())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)  # ``cr_frame`` and the like, for stacks and names of tasks


class _RecordedThreads(ThreadPoolExecutor):
    """Where `asyncio.to_thread` runs: calls made by an attempt are recorded as its own."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        flight = _CURRENT.get()
        if flight is None:
            return super().submit(fn, *args, **kwargs)
        return super().submit(flight.recorder.in_thread, flight, lambda: fn(*args, **kwargs))


def _make_task(
    loop: asyncio.AbstractEventLoop, work: Any, *, context: Context | None = None, **more: Any
) -> asyncio.Task[Any]:
    flight = _CURRENT.get() if context is None else context.get(_CURRENT)
    return asyncio.Task(work if flight is None else _Steps(work, flight), loop=loop, context=context, **more)
