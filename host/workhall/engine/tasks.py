"""Ending tasks for certain."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

__all__ = ["end_tasks"]

_AGAIN_S: Final = 0.5


async def end_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel ``tasks`` and wait for their end, whatever they raise.

    A task that goes on is cancelled again: before Python 3.12 ``asyncio.wait_for``, which libraries use, can lose a
    cancellation (CPython issue 86296).
    """
    every = pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_S)
    await asyncio.gather(*every, return_exceptions=True)
