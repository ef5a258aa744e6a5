"""The queues that ever were, so that an absent plugin's queue is told from a misspelt one."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from workhall.jobs.ids import now_ms
from workhall.jobs.tables import queues

__all__ = ["read_queue_plugin", "remember_queues"]


def remember_queues(connection: Connection, plugins: Mapping[str, str]) -> None:
    """Note that each queue is served by its plugin."""
    if not plugins:
        return
    module = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = module.insert(queues)
    changed = {"plugin": statement.excluded.plugin, "seen_at": statement.excluded.seen_at}
    statement = statement.on_conflict_do_update(index_elements=["name"], set_=changed)
    at = now_ms()
    rows = [{"name": name, "plugin": plugin, "seen_at": at} for name, plugin in sorted(plugins.items())]
    connection.execute(statement, rows)


def read_queue_plugin(connection: Connection, queue: str) -> str | None:
    """Return the name of the plugin that last served ``queue``, or None where nobody ever did."""
    return connection.scalar(select(queues.c.plugin).where(queues.c.name == queue))
