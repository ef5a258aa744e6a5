"""What stands in the SQLite file of a data folder, read beside the running host."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


class Rows:
    """The tables of one data folder (contract §6)."""

    def __init__(self, data: Path) -> None:
        self._uri = f"file:{data / 'workhall.db'}?mode=ro"

    def read(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """The rows of a query."""
        with closing(sqlite3.connect(self._uri, uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]

    def counts(self) -> dict[str, int]:
        """The number of rows of every table."""
        tables = [row["name"] for row in self.read("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: self.read(f"SELECT count(*) AS rows FROM {table}")[0]["rows"] for table in tables}

    def job(self, job_id: str) -> dict[str, Any]:
        """A job's row with its payload and result."""
        query = "SELECT * FROM generation_jobs JOIN job_data USING (job_id) WHERE job_id = ?"
        (row,) = self.read(query, job_id)
        return row

    def steps(self, job_id: str) -> dict[str, dict[str, Any]]:
        """A job's finished steps, by name."""
        found = self.read("SELECT * FROM job_steps WHERE job_id = ? AND result IS NOT NULL ORDER BY name", job_id)
        return {row["name"]: row for row in found}
