"""What Redis is told when a worker is known to be dead, so that nobody waits for its lease to run out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from workhall.engine.connections import FAULTS, connect
from workhall.engine.lease import LEASE_S

__all__ = ["announce_death"]

_log = logging.getLogger("workhall.engine")


async def announce_death(url: str, worker_id: str, isolated: Iterable[str] = ()) -> None:
    """End the lease of ``worker_id`` and its term as a reconciler, and tell all workers which queues to leave.

    A server that is away is told nothing: the lease runs out by itself, and the rows say what is isolated.
    """
    redis = connect(url, f"death-of-{worker_id}")
    try:
        async with asyncio.timeout(LEASE_S):
            workers = [name.decode() for name in await redis.zrange("saq:leases", 0, -1)]
            await redis.zadd("saq:leases", {worker_id: 0}, xx=True)
            if await redis.get("saq:reconciler") == worker_id.encode():
                await redis.delete("saq:reconciler")
            for worker in workers:
                for queue in isolated:
                    await redis.rpush(f"saq:wake:{worker}", f"leave:{queue}")  # type: ignore[misc]
                    await redis.pexpire(f"saq:wake:{worker}", int(LEASE_S * 1000))
    except (*FAULTS, TimeoutError) as error:
        _log.info("The lease of %s runs out by itself: %s", worker_id, error)
    finally:
        await redis.aclose()
