"""A whole api process's life: plugins found, queues remembered, requests and sockets served, drained."""

from __future__ import annotations

import asyncio
import importlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from socketio import AsyncClient
from workhall.access.tokens import issue_token
from workhall.api.serve import serve_api
from workhall.jobs.migrate import upgrade_database
from workhall.jobs.store import open_database
from workhall.jobs.store.queues import read_queue_plugin
from workhall.settings import Settings, SettingsError

from .conftest import OWNER

PLUGIN = """
from workhall import Processor, WireModel, hookimpl

class Payload(WireModel):
    text: str

@hookimpl
def processors():
    return [Processor(queue="shouting", payload=Payload, handler="nowhere:handler", dispatch="user")]
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed distribution that brings one queue."""
    site = tmp_path / "site"
    information = site / "workhall_shouting-1.0.dist-info"
    information.mkdir(parents=True)
    (site / "api_test_shouting.py").write_text(PLUGIN)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: workhall-shouting\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[workhall]\nshouting = api_test_shouting\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("WORKHALL_PLUGINS", "shouting")
    importlib.invalidate_caches()


@dataclass
class Process:
    url: str
    settings: Settings
    stop: asyncio.Event
    task: asyncio.Task[None]
    headers: dict[str, str]

    async def end(self) -> None:
        self.stop.set()
        async with asyncio.timeout(15):
            await self.task


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Process]:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    stop, ready = asyncio.Event(), asyncio.Event()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    task = asyncio.create_task(serve_api(settings, sock=listener, stop=stop, ready=ready.set))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        task.result()
    headers = {"Authorization": f"Bearer {issue_token(settings, OWNER)}"}
    process = Process(url, settings, stop, task, headers)
    try:
        yield process
    finally:
        await process.end()


@pytest.fixture
def whole(settings: Settings, tmp_path: Path, valkey_url: str, plugin: None) -> Settings:
    values: dict[str, Any] = {
        "redis_url": valkey_url,
        "database_url": f"sqlite:///{tmp_path / 'whole.db'}",
        "plugins": "shouting",
        "shutdown_grace_s": 5.0,
    }
    complete = settings.model_copy(update=values)
    upgrade_database(complete.database)
    return complete


async def test_it_finds_the_plugins_says_how_many_queues_and_remembers_them(
    whole: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(whole) as process, httpx.AsyncClient(base_url=process.url, headers=process.headers) as http:
        assert "Initialized 1 queues" in capsys.readouterr().out
        answer = await http.post("/api/v1/jobs/shouting", json={"text": "hi"})
        assert answer.status_code == 202, answer.text
        assert (await http.get("/health/ready")).json()["parts"]["redis"]["ok"] is True
    database = open_database(whole.database)
    assert await database.read(lambda connection: read_queue_plugin(connection, "shouting")) == "shouting"
    await database.close()


async def test_sockets_are_served_beside_the_routes(whole: Settings) -> None:
    async with running(whole) as process, httpx.AsyncClient(base_url=process.url, headers=process.headers) as http:
        job_id = (await http.post("/api/v1/jobs/shouting", json={"text": "hi"})).json()["jobId"]
        for transport in ("websocket", "polling"):
            client, queued = AsyncClient(reconnection=False), asyncio.Event()
            client.on("job:queued", lambda _data, *_more, seen=queued: seen.set(), namespace="/wizard")
            auth = {"token": process.headers["Authorization"].removeprefix("Bearer ")}
            await client.connect(process.url, auth=auth, namespaces=["/wizard"], transports=[transport])
            await client.call("job:join", {"jobId": job_id, "after": 0}, namespace="/wizard")
            async with asyncio.timeout(5):
                await queued.wait()
            await client.disconnect()


async def test_the_end_lets_waiting_requests_answer_and_closes_everything(whole: Settings) -> None:
    async with running(whole) as process, httpx.AsyncClient(base_url=process.url, headers=process.headers) as http:
        job_id = (await http.post("/api/v1/jobs/shouting", json={"text": "hi"})).json()["jobId"]
        waiting = asyncio.create_task(http.get(f"/api/v1/jobs/{job_id}?wait=30", timeout=40))
        client, gone = AsyncClient(reconnection=False), asyncio.Event()
        client.on("disconnect", lambda *_reason: gone.set(), namespace="/wizard")
        auth = {"token": process.headers["Authorization"].removeprefix("Bearer ")}
        await client.connect(process.url, auth=auth, namespaces=["/wizard"], transports=["websocket"])
        assert (await asyncio.wait({waiting}, timeout=0.3))[1]
        await process.end()
        answer = await waiting
        assert (answer.status_code, answer.json()["status"]) == (200, "queued")
        async with asyncio.timeout(5):
            await gone.wait()
        await client.disconnect()
        with pytest.raises(httpx.ConnectError):
            async with httpx.AsyncClient() as other:
                await other.get(f"{process.url}/health")
    left = {task.get_name() for task in asyncio.all_tasks()} - {asyncio.current_task().get_name()}  # type: ignore[union-attr]
    assert not {name for name in left if name.startswith(("api", "pump", "fill"))}


async def test_without_a_redis_the_sentence_names_the_setting(whole: Settings) -> None:
    without = whole.model_copy(update={"redis_url": ""})
    with pytest.raises(SettingsError, match="REDIS_URL is not set"):
        async with running(without):
            pass
