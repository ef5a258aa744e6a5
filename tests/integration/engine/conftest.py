"""The engine on real servers: databases made once and emptied for each test, Valkey, and hosts of test processors."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import text
from workhall.jobs.migrate import upgrade_database
from workhall.jobs.store import SqlStore, open_database
from workhall.jobs.tables import METADATA

from tests.conftest import _new_postgres_database
from tests.integration.engine.hosting import Host
from tests.integration.engine.lua import Lua


@pytest.fixture
def lua(valkey: str) -> Iterator[Lua]:
    """The operations on an empty server."""
    with Redis.from_url(valkey) as redis:
        yield Lua(redis)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database to copy: a migration takes longer than most tests here."""
    path = tmp_path_factory.mktemp("sqlite") / "workhall.db"
    upgrade_database(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> str:
    """A PostgreSQL database to empty."""
    url = _new_postgres_database(postgres_server)
    upgrade_database(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty, migrated database of each kind."""
    if request.param == "postgresql":
        return request.getfixturevalue("migrated_postgres")
    shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "workhall.db")
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
async def host(store: SqlStore, valkey: str, tmp_path: Path) -> AsyncIterator[Host]:
    """A host without processors on a shared server that no other test uses meanwhile."""
    host = Host(store, valkey, tmp_path / "data")
    host.dispatcher.start()
    yield host
    await host.dispatcher.close()


@pytest.fixture
async def sqlite_host(valkey: str, migrated_file: Path, tmp_path: Path) -> AsyncIterator[Host]:
    """A host on SQLite alone, for what cannot depend on the database."""
    shutil.copy(migrated_file, tmp_path / "workhall.db")
    database = open_database(f"sqlite:///{tmp_path / 'workhall.db'}")
    host = Host(SqlStore(database), valkey, tmp_path / "data")
    host.dispatcher.start()
    yield host
    await host.dispatcher.close()
    await database.close()
