"""The embedded Valkey: its values, its restart, its end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest
from redis.asyncio import Redis
from workhall.supervisor import valkey as valkey_module
from workhall.supervisor.errors import StartError
from workhall.supervisor.keeper import RestartWaits
from workhall.supervisor.redis_probe import wait_for_redis
from workhall.supervisor.valkey import EmbeddedValkey


class Changes:
    """Counts starts and ends."""

    def __init__(self) -> None:
        self.count, self._news = 0, asyncio.Event()

    def __call__(self) -> None:
        self.count += 1
        self._news.set()

    async def reach(self, count: int) -> None:
        async with asyncio.timeout(20):
            while self.count < count:
                await self._news.wait()
                self._news.clear()


@pytest.fixture
async def server(tmp_path: Path):
    changes = Changes()
    server = EmbeddedValkey(tmp_path / 'a "folder"', changed=changes, waits=RestartWaits(0.01, 0.01))
    await server.start()
    server.changes = changes
    yield server
    await server.stop()
    assert server.pid is None


async def test_runs_with_the_values_of_the_requirements(server):
    expected = {
        "maxmemory": str(256 * 1024 * 1024),
        "maxmemory-policy": "noeviction",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "auto-aof-rewrite-percentage": "100",
        "auto-aof-rewrite-min-size": str(64 * 1024 * 1024),
        "save": "900 1 300 10 60 10000",
        "tcp-keepalive": "300",
        "timeout": "0",
        "loglevel": "notice",
        "logfile": "",
        "hz": "10",
        "bind": "127.0.0.1",
        "protected-mode": "yes",
    }
    async with Redis.from_url(server.url, decode_responses=True) as redis:
        assert await redis.config_get(*expected) == expected  # dynamic-hz is accepted, but no longer shown


@pytest.mark.parametrize("victim", ["server", "guard"])
async def test_comes_back_on_the_same_port_with_its_data(server, victim):
    url = server.url
    async with Redis.from_url(url, decode_responses=True) as redis:
        await redis.set("kept", "yes")
        pid = (await redis.info("server"))["process_id"]
        os.kill(pid if victim == "server" else server.pid, signal.SIGKILL)
        await server.changes.reach(3)  # started, ended, started
        assert server.url == url
        assert await redis.get("kept") == "yes"
        assert (await redis.info("server"))["process_id"] != pid


async def test_stop_leaves_no_process(tmp_path: Path):
    server = EmbeddedValkey(tmp_path)
    await server.start()
    guard = server.pid
    async with Redis.from_url(server.url) as redis:
        pid = (await redis.info("server"))["process_id"]
    await server.stop()
    for gone in (guard, pid):
        with pytest.raises(ProcessLookupError):
            os.kill(gone, 0)
    with pytest.raises(ProcessLookupError):
        os.killpg(guard, 0)


async def test_a_redis_that_does_not_answer_is_said_without_its_password():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"redis://:hush@127.0.0.1:{closed.getsockname()[1]}/0"
        with pytest.raises(StartError, match=r"^Redis does not answer \(.+\); check REDIS_URL") as caught:
            await wait_for_redis(url, within_s=0.3)
    assert "hush" not in str(caught.value)


async def test_an_address_that_is_none_is_said():
    with pytest.raises(StartError, match=r"^Redis does not answer \(.+\); check REDIS_URL"):
        await wait_for_redis("localhost:6379")


async def test_tries_another_port_when_somebody_took_the_first(tmp_path: Path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = iter([other.getsockname()[1], valkey_module._free_port()])
        monkeypatch.setattr(valkey_module, "_free_port", lambda: next(ports))
        server = EmbeddedValkey(tmp_path)
        await server.start()
        try:
            assert str(other.getsockname()[1]) not in server.url
        finally:
            await server.stop()


async def test_a_damaged_file_is_said_in_one_sentence_with_the_way_out(tmp_path: Path):
    folder = tmp_path / "valkey" / "appendonlydir"
    folder.mkdir(parents=True)
    (folder / "appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(StartError, match=r"The embedded Valkey ended .* may be removed .* or set REDIS_URL"):
        await EmbeddedValkey(tmp_path).start()
