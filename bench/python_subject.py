"""The seam for job systems written in Python: give a producer and a worker, get all three modes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bench.measure import Tally

Enqueue = Callable[[int], Awaitable[object]]
"""Adds one no-op job that carries the given `time.time_ns()`; returns when the system has accepted it."""


class PythonSubject(Protocol):
    """One job system: how a job is added and how one worker process runs."""

    name: str
    """Its name in `bench.subjects.SUBJECTS`."""

    def producer(self, redis_url: str) -> AbstractAsyncContextManager[Enqueue]:
        """A connected producer."""
        ...

    def worker(self, redis_url: str, concurrency: int, tally: Tally) -> AbstractAsyncContextManager[None]:
        """One worker in this process, able to take jobs once entered and stopped on leaving.

        Its no-op handler calls `tally.handler_started(sent_ns)`; once the outcome is recorded the worker
        calls `tally.job_finished(key)` with a key unique to the job, or `tally.job_failed(reason)`.
        """
        ...
