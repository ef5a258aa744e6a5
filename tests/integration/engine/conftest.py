"""The engine on real servers, and hosts of test processors."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import text
from workhall.jobs.store import SqlStore, open_database
from workhall.jobs.tables import METADATA

from tests.conftest import _create_database
from tests.integration.engine.hosting import Host
from tests.integration.engine.lua import Lua


@pytest.fixture(scope="session")
def shared_postgres(postgres_server: str, migrated_postgres: str) -> str:
    """One PostgreSQL database for all tests here, emptied for each: making one takes longer than most tests."""
    return _create_database(postgres_server, "engine", migrated_postgres)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty, migrated database of each kind."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("shared_postgres")
        return url
    shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "workhall.db")
    return f"sqlite:///{tmp_path / 'workhall.db'}"


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[SqlStore]:
    """A store over an empty database."""
    database = open_database(database_url)
    if database.dialect == "postgresql":
        names = ", ".join(table.name for table in METADATA.sorted_tables)
        await database.write(lambda connection: connection.execute(text(f"TRUNCATE {names}")))
    yield SqlStore(database)
    await database.close()


@pytest.fixture
def lua(valkey: str) -> Iterator[Lua]:
    """The operations on an empty server."""
    with Redis.from_url(valkey) as redis:
        yield Lua(redis, valkey)


@pytest.fixture
async def host(store: SqlStore, valkey: str, tmp_path: Path) -> AsyncIterator[Host]:
    """A host without processors, on each kind of database and an empty server."""
    host = Host(store, valkey, tmp_path / "data")
    host.dispatcher.start()
    yield host
    await host.dispatcher.close()


@pytest.fixture
async def sqlite_host(valkey: str, migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Host]:
    """A host on SQLite alone, for what cannot depend on the database."""
    shutil.copy(migrated_sqlite, tmp_path / "workhall.db")
    database = open_database(f"sqlite:///{tmp_path / 'workhall.db'}")
    host = Host(SqlStore(database), valkey, tmp_path / "data")
    host.dispatcher.start()
    yield host
    await host.dispatcher.close()
    await database.close()
