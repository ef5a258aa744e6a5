"""`workhall up`: lock, start, say ready, wait, drain."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable

from workhall.settings import Settings
from workhall.supervisor.child import ChildLink
from workhall.supervisor.lock import DataLock
from workhall.supervisor.plan import Plan
from workhall.supervisor.system import API_GRACE_S, DRAIN_MARGIN_S, System

__all__ = ["run_up"]


async def run_up(settings: Settings, plan: Plan, announce: Callable[[str], None]) -> None:
    """Start everything, call ``announce`` with the one ready line, and drain when asked to end.

    Raises:
        StartError: a part does not come up; whatever had been started is ended again.
    """
    os.umask(0o077)  # payloads, pictures and secrets in the data folder are nobody else's
    link = ChildLink.from_environment(exit_after_s=settings.shutdown_grace_s + 60)
    lock = DataLock(settings.data_dir)
    leftovers_s = settings.shutdown_grace_s + DRAIN_MARGIN_S + API_GRACE_S
    if not await _unless(link.stop, lock.acquire(leftovers_s=leftovers_s)):
        return
    system = System(settings, plan, lock.fd)
    try:
        if await _unless(link.stop, system.start()):
            announce(f"ready {system.public}")
            link.ready()
            await link.stop.wait()
    finally:
        await system.drain(link.hurry)
        lock.release()


async def _unless(stop: asyncio.Event, work: Awaitable[None]) -> bool:
    """Do ``work`` unless ``stop`` comes first; tells whether it was done."""
    task, stopped = asyncio.ensure_future(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    if task.cancelled():
        return False
    await task
    return True
