"""Retry and replay: a new job, linked to the one that ended, with its finished steps and credits reserved anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import RowMapping

from workhall.jobs.errors import JobNotEnded, JobNotFound, QueueUnavailable
from workhall.jobs.payloads import validate_payload
from workhall.jobs.ports import Dispatcher, Submission
from workhall.jobs.principal import HOST
from workhall.jobs.status import TERMINAL
from workhall.jobs.store import SqlStore
from workhall.jobs.store.records import read_job
from workhall.jobs.submit import new_job
from workhall.plugins.registry import Registry

__all__ = ["Replayer"]


class Replayer:
    """Runs ended jobs again."""

    def __init__(self, registry: Registry, store: SqlStore, dispatcher: Dispatcher) -> None:
        self._registry = registry
        self._store = store
        self._dispatcher = dispatcher

    async def replay(self, job_id: str, changes: Mapping[str, Any] | None = None) -> str:
        """Submit ``job_id`` again, with ``changes`` over its payload, and return the new job's id.

        Raises:
            JobNotFound: there is none.
            JobNotEnded: it has not ended.
            QueueUnavailable: its plugin is not there.
            PayloadInvalid: its payload does not fit the schema of today.
            InsufficientCredits: its user cannot pay for it again.
        """
        row = await self._ended(job_id)
        registered = self._registry.processors.get(row["queue_name"])
        if registered is None:
            raise QueueUnavailable(f'The queue "{row["queue_name"]}" is not served; install its plugin again.')
        given = {**orjson.loads(row["payload"]), **(changes or {})}
        payload = validate_payload(registered.processor.payload, given, HOST, 0)
        job = new_job(registered, payload, user_id=row["user_id"], priority=row["priority"], replay_of=row["job_id"])
        submitted = await self._store.submit(Submission([job]))
        self._dispatcher.enqueue([job.line])
        self._dispatcher.publish(submitted.events)
        return job.job_id

    async def _ended(self, job_id: str) -> RowMapping:
        row = await self._store.database.read(lambda connection: read_job(connection, job_id))
        if row is None or row["payload"] is None:
            raise JobNotFound
        if row["status"] not in TERMINAL:
            raise JobNotEnded
        return row
