"""From a database's address to the database."""

from __future__ import annotations

from sqlalchemy.engine import make_url

from workhall.jobs.store.database import Database
from workhall.jobs.store.postgres import PostgresDatabase
from workhall.jobs.store.sqlite import SqliteDatabase

__all__ = ["open_database"]


def open_database(url: str) -> Database:
    """Open ``sqlite:///path`` or ``postgresql://…``; connects at first use.

    Raises:
        ValueError: another kind of address.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteDatabase(parsed.database or "")
    if parsed.get_backend_name() in ("postgresql", "postgres"):
        return PostgresDatabase(parsed)
    raise ValueError(f"The database must be SQLite or PostgreSQL, not {parsed.get_backend_name()}.")
