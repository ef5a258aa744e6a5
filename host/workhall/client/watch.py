"""Follow one job to its end, over lost connections and restarted hosts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

from workhall.client.errors import Unreachable
from workhall.client.events import Event, EventOrder, is_terminal
from workhall.client.feed import Inbox, job_feed

if TYPE_CHECKING:
    from workhall.client.client import WorkhallClient

__all__ = ["watch_job"]

_SILENCE_S: Final = 5.0  # without an event for that long, REST is asked whether the job goes on
_WAITS_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0)  # between connections; the last one repeats
_GIVE_UP_S: Final = 60.0


async def watch_job(client: WorkhallClient, job_id: str, after: int) -> AsyncIterator[Event]:
    """Yield the job's events in order, each once, until the terminal one.

    Raises:
        ApiError: the token or the job is refused.
        Unreachable: the host has not answered for a minute.
    """
    order = EventOrder(after)
    loop = asyncio.get_running_loop()
    failures, last_contact = 0, loop.time()
    while True:
        try:
            async with job_feed(client.url, client.token, job_id, order.last) as inbox:
                failures, last_contact = 0, loop.time()
                async for event in _until_it_breaks(client, job_id, inbox, order):
                    yield event
                    if event.terminal:
                        return
            last_contact = loop.time()
        except Unreachable:
            if loop.time() - last_contact > _GIVE_UP_S:
                raise
        await asyncio.sleep(_WAITS_S[min(failures, len(_WAITS_S) - 1)])
        failures += 1


async def _until_it_breaks(
    client: WorkhallClient, job_id: str, inbox: Inbox, order: EventOrder
) -> AsyncIterator[Event]:
    """Yield what is due, until the connection ends or something is missing for too long."""
    while True:
        try:
            event = await asyncio.wait_for(inbox.get(), _SILENCE_S)
        except TimeoutError:
            for late in await _catch_up(client, job_id, order):
                yield late
            if order.waits:
                return
            continue
        if event is None:
            return
        for due in order.add(event):
            yield due


async def _catch_up(client: WorkhallClient, job_id: str, order: EventOrder) -> list[Event]:
    """Read a job that has ended without our hearing of it from its rows."""
    if not is_terminal((await client.job(job_id))["status"]):
        return []
    due = [due for event in await client.events(job_id, order.last) for due in order.add(event)]
    return due or order.skip() or [await _last_word(client, job_id, order)]


async def _last_word(client: WorkhallClient, job_id: str, order: EventOrder) -> Event:
    """Make the terminal event of a job whose events are no longer kept."""
    job = await client.job(job_id)
    seq = order.last + 1
    if job["status"] == "complete":
        data = {"status": "complete", "progress": 100, "message": job["message"], "result": job["result"]}
        return Event("job:complete", seq, {"jobId": job_id, "seq": seq, **data})
    data = {"error": job["error"], "retriesLeft": 0, "cancelled": job["status"] == "cancelled"}
    return Event("job:failed", seq, {"jobId": job_id, "seq": seq, **data})
