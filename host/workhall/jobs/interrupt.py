"""Turns the cancellation of an attempt's task into what its handler is to see.

A task can only be cancelled; but a handler whose *job* was cancelled gets `JobCancelled` at its next await, so that it
can tell that from a worker that stops, and clean up.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar

from workhall.sdk import JobCancelled

__all__ = ["interruptible"]

T = TypeVar("T")


@types.coroutine
def interruptible(work: Awaitable[T], is_cancelled: Callable[[], bool]) -> Generator[Any, Any, T]:
    """Await ``work``; a cancellation that arrives while ``is_cancelled()`` holds reaches it as `JobCancelled`."""
    steps = work.__await__()
    send: Callable[[], Any] = lambda: next(steps)  # noqa: E731 - the first of several ways to go on
    while True:
        try:
            waiting_for = send()
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        try:
            answer = yield waiting_for
        except asyncio.CancelledError as error:
            send = _thrower(steps, _translated(error, is_cancelled))
        except BaseException as error:  # noqa: BLE001 - whatever the loop throws in goes to the work
            send = _thrower(steps, error)
        else:
            send = _sender(steps, answer)


def _translated(error: asyncio.CancelledError, is_cancelled: Callable[[], bool]) -> BaseException:
    task = asyncio.current_task()
    if not is_cancelled() or task is None:
        return error
    task.uncancel()
    return JobCancelled("The job was cancelled.")


def _sender(steps: Generator[Any, Any, T], answer: Any) -> Callable[[], Any]:
    return lambda: steps.send(answer)


def _thrower(steps: Generator[Any, Any, T], error: BaseException) -> Callable[[], Any]:
    return lambda: steps.throw(error)
