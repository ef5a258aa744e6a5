"""Steps: work that is done once per job, whatever happens to its attempts."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextlib import suppress
from hashlib import sha256
from typing import Any, Final, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError

from workhall.jobs.attempt import Attempt
from workhall.jobs.ids import now_ms
from workhall.jobs.messages import StepRow
from workhall.jobs.payloads import first_problem
from workhall.sdk import JobCancelled, PermanentError
from workhall.sdk.services import Storage

__all__ = ["Steps", "contained"]

T = TypeVar("T")
_LARGEST_BYTES: Final = 256 * 1024
_FILE: Final = "$file"
_FILE_MARK: Final = f'{{"{_FILE}":'
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
        value = await contained(_called(fn))
        try:
            text = adapter.dump_json(value, by_alias=True, warnings=False).decode()
            result = adapter.validate_json(text)  # on the first run too: what comes back later is the same
        except ValidationError as error:
            raise ValueError(f'The result of step "{name}" does not fit its model: {first_problem(error)}') from None
        await self._store(StepRow(name, version, paid, await self._kept(name, text), now_ms()))
        return result

    async def _kept(self, name: str, text: str) -> str:
        """Return what the row holds: a result that is too large, or looks like a file's key, is kept as a file."""
        data = text.encode()
        if len(data) <= _LARGEST_BYTES and not text.startswith(_FILE_MARK):
            return text
        job = self._attempt.job
        # By attempt, so that a late one cannot write over it; hashed, because a step's name may be any text.
        key = f"steps/{job.job_id}/{sha256(name.encode()).hexdigest()[:32]}-{job.claim_no}.json"
        await self._storage.put(key, data, content_type="application/json")
        return orjson.dumps({_FILE: key}).decode()

    async def _recall(self, name: str, text: str, adapter: TypeAdapter[T]) -> T:
        if text.startswith(_FILE_MARK):
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
        # Never as part of a transaction: an intent must be there before its call, a result must outlive a roll-back.
        await self._attempt.commit(write)


async def contained(work: Awaitable[T]) -> T:
    """Await ``work``, turning exits into errors.

    SystemExit or KeyboardInterrupt that leaves a task ends the event loop, and GeneratorExit ends whoever awaits the
    task (asyncio's `Task`, PEP 380).
    """
    try:
        return await work
    except (Exception, asyncio.CancelledError):
        raise
    except BaseException as error:
        raise RuntimeError(f"A step ended with {type(error).__name__}: {error}") from error


async def _called(fn: Callable[[], T | Awaitable[T]]) -> T:
    outcome = fn()
    return await outcome if inspect.isawaitable(outcome) else outcome


async def _shielded(work: Awaitable[T]) -> T:
    """Run ``work`` to its end although this attempt is to end, for a grace time: it has been paid for."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except (asyncio.CancelledError, JobCancelled):
        await _patiently(task, _SHIELD_S)
        task.cancel()
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody else will ask
        raise


async def _patiently(task: asyncio.Future[Any], for_s: float) -> None:
    """Wait for ``task`` for ``for_s`` seconds, whoever else wants this attempt to end meanwhile."""
    loop = asyncio.get_running_loop()
    until = loop.time() + for_s
    while not task.done() and loop.time() < until:
        with suppress(asyncio.CancelledError, JobCancelled):
            await asyncio.wait({task}, timeout=until - loop.time())
