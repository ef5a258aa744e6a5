"""Retry and replay: a new job, linked to the one that ended, with its finished steps and credits reserved anew."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import RowMapping

from workhall.jobs.errors import DeadLetterNotFound, JobNotEnded, JobNotFound, JobsError, QueueUnavailable
from workhall.jobs.messages import IdempotencyKey, Submission
from workhall.jobs.payloads import validate_payload
from workhall.jobs.ports import Dispatcher
from workhall.jobs.principal import HOST
from workhall.jobs.status import TERMINAL
from workhall.jobs.store import SqlStore
from workhall.jobs.store.dead_letters import list_unreplayed, read_dead_letter
from workhall.jobs.store.records import read_job
from workhall.jobs.submit import new_job
from workhall.plugins.registry import Registry

__all__ = ["QueueReplay", "Refused", "Replayer"]

_AT_ONCE: Final = 50


class Refused(NamedTuple):
    """A dead letter that was not replayed, and why not."""

    letter_id: str
    error: JobsError


class QueueReplay(NamedTuple):
    """What became of a queue's dead letters: the new jobs, and those that were refused."""

    job_ids: tuple[str, ...]
    refused: tuple[Refused, ...]


class _Source(NamedTuple):
    """What is run again; ``priority`` None for the queue's own."""

    job_id: str
    queue_name: str
    user_id: str | None
    payload: str
    priority: int | None = None


class Replayer:
    """Runs ended jobs again.

    An idempotency key stands for one replay: given again, it answers with the same new job.
    """

    def __init__(self, registry: Registry, store: SqlStore, dispatcher: Dispatcher) -> None:
        self._registry = registry
        self._store = store
        self._dispatcher = dispatcher

    async def replay(
        self, job_id: str, changes: Mapping[str, Any] | None = None, *, idempotency: IdempotencyKey | None = None
    ) -> str:
        """Submit ``job_id`` again, with ``changes`` over its payload, and return the new job's id.

        Raises:
            JobNotFound: there is none, or its payload is no longer kept.
            JobNotEnded: it has not ended.
            QueueUnavailable: its plugin is not there.
            PayloadInvalid: its payload does not fit the schema of today.
            InsufficientCredits: its user cannot pay for it again.
            IdempotencyConflict: the key stands for another request.
        """
        row = await self._ended(job_id)
        source = _Source(job_id, row["queue_name"], row["user_id"], row["payload"], row["priority"])
        return await self._submit(source, changes or {}, idempotency)

    async def replay_letter(self, letter_id: str, *, idempotency: IdempotencyKey | None = None) -> str:
        """Submit a dead letter's job again from what the letter keeps, and return the new job's id.

        Raises:
            DeadLetterNotFound: there is none.
            JobsError: as `replay` does.
        """
        letter = await self._store.database.read(lambda connection: read_dead_letter(connection, letter_id))
        if letter is None:
            raise DeadLetterNotFound
        if letter["original_data"] is None:
            raise JobNotFound
        source = _Source(
            letter["original_job_id"], letter["original_queue"], letter["user_id"], letter["original_data"]
        )
        return await self._submit(source, {}, idempotency)

    async def replay_queue(self, queue: str) -> QueueReplay:
        """Replay a queue's dead letters, oldest first; those that were replayed before are left alone."""
        letters = await self._store.database.read(lambda connection: list_unreplayed(connection, queue))
        outcomes: list[str | Refused] = []
        for first in range(0, len(letters), _AT_ONCE):
            outcomes += await self._replay_some(letters[first : first + _AT_ONCE])
        return QueueReplay(
            tuple(outcome for outcome in outcomes if isinstance(outcome, str)),
            tuple(outcome for outcome in outcomes if isinstance(outcome, Refused)),
        )

    async def _replay_some(self, letter_ids: Sequence[str]) -> list[str | Refused]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._replay_once(letter_id)) for letter_id in letter_ids]
        return [task.result() for task in tasks]

    async def _replay_once(self, letter_id: str) -> str | Refused:
        """Replay a letter under a key of its own, so that two who replay its queue at once make one job."""
        try:
            return await self.replay_letter(letter_id, idempotency=IdempotencyKey(letter_id, "replay", ""))
        except JobsError as error:
            return Refused(letter_id, error)

    async def _submit(self, source: _Source, changes: Mapping[str, Any], idempotency: IdempotencyKey | None) -> str:
        registered = self._registry.processors.get(source.queue_name)
        if registered is None:
            raise QueueUnavailable(f'The queue "{source.queue_name}" is not served; install its plugin again.')
        given = {**orjson.loads(source.payload), **changes}
        payload = validate_payload(registered.processor.payload, given, HOST, 0)
        job = new_job(registered, payload, user_id=source.user_id, priority=source.priority, replay_of=source.job_id)
        submitted = await self._store.submit(Submission([job], idempotency=idempotency))
        if not submitted.replayed:
            self._dispatcher.enqueue([job.line])
            self._dispatcher.publish(submitted.events)
        return submitted.job_ids[0]

    async def _ended(self, job_id: str) -> RowMapping:
        row = await self._store.database.read(lambda connection: read_job(connection, job_id))
        if row is None or row["payload"] is None:
            raise JobNotFound
        if row["status"] not in TERMINAL:
            raise JobNotEnded
        return row
