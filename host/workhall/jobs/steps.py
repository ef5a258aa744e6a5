"""Steps: work that is done once per job, whatever happens to its attempts."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError

from workhall.jobs.attempt import Attempt
from workhall.jobs.ids import now_ms
from workhall.jobs.ports import StepRow
from workhall.sdk import PermanentError
from workhall.sdk.services import Storage

__all__ = ["Steps"]

T = TypeVar("T")
_LARGEST: Final = 256 * 1024
_FILE: Final = "$file"
_SHIELD_S: Final = 30.0


class Steps:
    """The steps of one attempt."""

    def __init__(self, attempt: Attempt, storage: Storage) -> None:
        self._attempt = attempt
        self._storage = storage
        self._used: set[str] = set()

    async def run(
        self, name: str, fn: Callable[[], T | Awaitable[T]], model: type[T], *, paid: bool, version: int
    ) -> T:
        """See `JobContext.step`."""
        self._take_name(name)
        adapter: TypeAdapter[T] = TypeAdapter(model)
        known = self._attempt.job.steps.get(name)
        if known is not None and known.version == version:
            if known.result is not None:
                return await self._recall(name, known.result, adapter)
            if known.paid:
                raise PermanentError(f'outcomeUnknown: the paid step "{name}" was begun and its end is not known.')
        self._attempt.check()
        if not paid:
            return await self._perform(name, fn, adapter, paid=False, version=version)
        await self._store(StepRow(name, version, True, None, now_ms()))
        return await _shielded(self._perform(name, fn, adapter, paid=True, version=version))

    def _take_name(self, name: str) -> None:
        if not 0 < len(name) <= 200:
            raise ValueError("A step's name has 1 to 200 characters.")
        if name in self._used:
            raise ValueError(f'The step name "{name}" is used twice in one attempt; give each step its own.')
        self._used.add(name)

    async def _perform(
        self, name: str, fn: Callable[[], T | Awaitable[T]], adapter: TypeAdapter[T], *, paid: bool, version: int
    ) -> T:
        outcome = fn()
        value: T = await outcome if inspect.isawaitable(outcome) else outcome
        text = adapter.dump_json(value, by_alias=True).decode()
        result = adapter.validate_json(text)  # through JSON on the first run too: what comes back later is the same
        await self._store(StepRow(name, version, paid, await self._kept(name, text), now_ms()))
        return result

    async def _kept(self, name: str, text: str) -> str:
        if len(text) <= _LARGEST:
            return text
        key = f"steps/{self._attempt.job.job_id}/{name}.json"
        await self._storage.put(key, text.encode(), content_type="application/json")
        return orjson.dumps({_FILE: key}).decode()

    async def _recall(self, name: str, text: str, adapter: TypeAdapter[T]) -> T:
        if text.startswith(f'{{"{_FILE}":'):
            text = (await self._storage.get(orjson.loads(text)[_FILE])).decode()
        try:
            return adapter.validate_json(text)
        except ValidationError:
            raise PermanentError(
                f'The stored result of step "{name}" does not fit its model any more; raise the step\'s version.'
            ) from None

    async def _store(self, row: StepRow) -> None:
        write = self._attempt.new_write()
        write.steps.append(row)
        await self._attempt.write(write)


async def _shielded(work: Awaitable[T]) -> T:
    """Run ``work`` to its end although this attempt is cancelled, for a grace time: it has been paid for."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.done():
            await asyncio.wait({task}, timeout=_SHIELD_S)
        task.cancel()
        raise
