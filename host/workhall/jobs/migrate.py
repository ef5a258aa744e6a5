"""Bring a database to the newest schema."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from workhall.jobs.store.database import DatabaseAway
from workhall.jobs.store.sqlite import sqlite_engine

__all__ = ["upgrade_database"]

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x776F726B68616C6C  # "workhall": one migration at a time on a PostgreSQL server


def upgrade_database(url: str) -> None:
    """Run the missing migrations; a database that is up to date is left alone. Blocks.

    Raises:
        DatabaseAway: it cannot be reached.
    """
    address = make_url(url)
    try:
        if address.get_backend_name() == "sqlite":
            _upgrade_sqlite(Path(address.database or ""))
        else:
            asyncio.run(_upgrade_postgres(address))
    except (DBAPIError, OSError) as error:
        raise DatabaseAway(f"The database cannot be used: {getattr(error, 'orig', error)}") from error


def _upgrade_sqlite(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = sqlite_engine(str(path), begin="BEGIN IMMEDIATE", connections=1)
    with _lock_file(path), engine.begin() as connection:
        _upgrade(connection)
    engine.dispose()


async def _upgrade_postgres(address: URL) -> None:
    engine = create_async_engine(address.set(drivername="postgresql+asyncpg"), connect_args={"timeout": 10})
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    if _revision(connection) == _newest():
        return
    from alembic import command  # takes longer to import than everything else here: only where there is work
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _newest() -> str:
    """Return the newest revision by the files' names, ``v0001_what.py``."""
    return max(path.name for path in (_MIGRATIONS / "versions").glob("v*_*.py"))[1:].partition("_")[0]


@contextmanager
def _lock_file(path: Path) -> Iterator[None]:
    with Path(f"{path}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
