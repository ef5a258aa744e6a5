"""The queues that ever were, so that an absent plugin's queue is told from a misspelt one, and how each is placed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select, update

from workhall.jobs.ids import now_ms
from workhall.jobs.store.upsert import insert_or_change
from workhall.jobs.tables import queues

__all__ = ["isolate_queues", "read_isolated", "read_queue_plugin", "remember_queues"]


def remember_queues(connection: Connection, plugins: Mapping[str, str]) -> None:
    """Note that each queue is served by its plugin."""
    if not plugins:
        return
    statement = insert_or_change(connection.dialect.name, queues, ("plugin", "seen_at"))
    at = now_ms()
    rows = [{"name": name, "plugin": plugin, "seen_at": at} for name, plugin in sorted(plugins.items())]
    connection.execute(statement, rows)


def read_queue_plugin(connection: Connection, queue: str) -> str | None:
    """Return the name of the plugin that last served ``queue``, or None where nobody ever did."""
    return connection.scalar(select(queues.c.plugin).where(queues.c.name == queue))


def isolate_queues(connection: Connection, names: Iterable[str]) -> None:
    """From now on each queue runs in a worker process of its own."""
    connection.execute(update(queues).where(queues.c.name.in_(sorted(names))).values(isolated=True))


def read_isolated(connection: Connection) -> list[str]:
    """Return the queues that run in worker processes of their own."""
    return list(connection.scalars(select(queues.c.name).where(queues.c.isolated).order_by(queues.c.name)))
