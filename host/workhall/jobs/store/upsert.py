"""INSERTs that meet a key which is there already; the dialects spell them alike but keep them apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["insert_if_absent", "insert_or_change"]


def insert_if_absent(dialect: str, table: Table) -> Any:
    """Return an INSERT that leaves rows alone whose key is there already."""
    return _insert(dialect, table).on_conflict_do_nothing()


def insert_or_change(dialect: str, table: Table, changed: Sequence[str]) -> Any:
    """Return an INSERT that sets the columns ``changed`` of rows whose primary key is there already."""
    statement = _insert(dialect, table)
    new = {name: statement.excluded[name] for name in changed}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=new)


def _insert(dialect: str, table: Table) -> Any:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
