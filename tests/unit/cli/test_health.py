"""A worker's health over real HTTP."""

from __future__ import annotations

import asyncio

import httpx
from workhall.cli.health import Health, serve_health


async def test_liveness_and_readiness():
    health = Health(stop=asyncio.Event())
    async with serve_health(health, 0) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

        async def ask(path: str) -> tuple[int, str]:
            answer = await client.get(path)
            return answer.status_code, answer.json()["status"]

        assert await ask("/health") == (200, "ok")
        assert await ask("/health/ready") == (503, "starting")
        health.ready = True
        assert await ask("/health/ready") == (200, "ok")
        health.stop.set()
        assert await ask("/health/ready") == (503, "draining")
        assert await ask("/health") == (200, "ok")
        assert (await ask("/else"))[0] == 404


async def test_nothing_is_served_without_a_port():
    async with serve_health(Health(stop=asyncio.Event()), None) as port:
        assert port is None
