"""Connections to Redis: whoever is told to end while it talks to Redis ends."""

from __future__ import annotations

import asyncio
import random

from redis.asyncio import Redis
from workhall.engine.connections import connect
from workhall.engine.tasks import end_tasks


async def test_a_cancellation_is_never_lost(valkey: str) -> None:
    redis, dice = connect(valkey, "test"), random.Random(1)
    lost = 0
    for _ in range(400):
        task = asyncio.create_task(talk(redis))
        await asyncio.sleep(dice.random() / 1000)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=0.2)
        lost += not done
        await end_tasks({task})
    await redis.aclose()
    assert lost == 0


async def test_a_task_that_loses_its_cancellation_is_cancelled_again() -> None:
    survived = 0

    async def deaf() -> None:
        nonlocal survived
        while survived < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                survived += 1
        raise RuntimeError("whatever it raises")

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await end_tasks([task])
    assert survived == 2
    assert task.done()


async def test_each_connection_has_its_name(valkey: str) -> None:
    redis = connect(valkey, "pump-w1")
    assert [client["name"] for client in await redis.client_list()][-1] == "workhall-pump-w1"
    await redis.aclose()


async def talk(redis: Redis) -> None:
    while True:
        await redis.get("x")
