"""Drawing in processes of its own: the renderer holds the interpreter's lock while it draws.

In a thread it would silence the worker's event loop for as long as a logo takes. The processes are started at the
first drawing and end with the worker, however it ends.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.connection
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from typing import Any, Final, TypeVar

__all__ = ["draw"]

T = TypeVar("T")
_MOST: Final = 4


async def draw(render: Callable[..., T], *args: Any) -> T:
    """Return what ``render`` (a module's function) returns, called in another process.

    A process that dies takes what it drew with it; the others go on in a new pool.
    """
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(_pool(), render, *args)
    except BrokenProcessPool:
        _pool.cache_clear()
        raise RuntimeError("A drawing process died; the logo is drawn again at the next attempt.") from None


@cache
def _pool() -> ProcessPoolExecutor:
    processes = min(_MOST, os.cpu_count() or 1)
    return ProcessPoolExecutor(
        processes, mp_context=multiprocessing.get_context("spawn"), initializer=_end_with_the_worker
    )


def _end_with_the_worker() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent.sentinel,), name="worker-watch", daemon=True).start()


def _exit_after(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(0)
