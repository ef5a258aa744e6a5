"""The rows: `open_store` gives the `Store` for a database address."""

from workhall.jobs.store.database import Database, DatabaseAway
from workhall.jobs.store.open import open_database
from workhall.jobs.store.sql_store import SqlStore

__all__ = ["Database", "DatabaseAway", "SqlStore", "open_database"]
