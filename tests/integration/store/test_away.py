"""A PostgreSQL server that refuses for reasons of its own is away; it is no fault of what was asked."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from workhall.jobs.store import SqlStore, open_database
from workhall.jobs.store.database import Database, DatabaseAway

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


async def execute(database: Database, *statements: str) -> None:
    for statement in statements:
        await database.write(lambda connection, statement=statement: connection.execute(text(statement)))


async def test_a_full_server_is_away(store: SqlStore, database_url: str) -> None:
    await execute(store.database, "DROP ROLE IF EXISTS crowded", "CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
    crowded = open_database(make_url(database_url).set(username="crowded").render_as_string(hide_password=False))
    with pytest.raises(DatabaseAway, match="too many connections"):
        await crowded.read(lambda connection: connection.execute(text("SELECT 1")))
    await crowded.close()


async def test_a_server_that_lets_nobody_write_is_away(store: SqlStore, database_url: str) -> None:
    name = make_url(database_url).database
    await execute(store.database, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    standby = open_database(database_url)
    with pytest.raises(DatabaseAway, match="read-only"):
        await execute(standby, "CREATE TABLE anything (id int)")
    await standby.close()


async def test_what_is_wrong_with_a_statement_is_said(store: SqlStore) -> None:
    with pytest.raises(Exception, match="nowhere") as caught:
        await execute(store.database, "SELECT * FROM nowhere")
    assert not isinstance(caught.value, DatabaseAway)
