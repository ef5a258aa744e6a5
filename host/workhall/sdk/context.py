"""`JobContext`: what a handler gets."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from workhall.sdk.services import Services

__all__ = ["JobContext"]

PayloadT = TypeVar("PayloadT", bound=BaseModel)
T = TypeVar("T")


class JobContext(ABC, Generic[PayloadT]):
    """One attempt of one job, as its handler sees it.

    Attributes:
        id: the job's id, ``{queue}-{uuid7}``.
        attempt: 1 for the first run; grows with every run, rescues included.
        payload: the validated payload.
        settings: the plugin's settings (the processor's ``settings`` model), or None.
        user_id: whose job it is; None for jobs of the host itself.
        brand_id: which brand it belongs to, or None.
        log: a logger whose lines are bound to the job.
        services: brands, assets, credits, storage and http.
    """

    id: str
    attempt: int
    payload: PayloadT
    settings: Any
    user_id: str | None
    brand_id: str | None
    log: logging.LoggerAdapter[logging.Logger]
    services: Services

    @abstractmethod
    async def progress(self, percent: float, message: str = "", *, stage: str | None = None, **data: Any) -> None:
        """Report progress, 0-100; it never falls within an attempt.

        Reports of one stage that come faster than 20 a second are coalesced, the last one wins. Returns when the
        event is committed (a coalesced one: at once). ``step``, ``toolName`` and ``logoIndex`` go to the event's
        top level, other ``data`` below ``data``.

        Raises:
            JobCancelled: the job was cancelled or taken over meanwhile.
        """

    @abstractmethod
    async def emit(self, event: str, **data: Any) -> None:
        """Publish another event of the catalogue, e.g. ``agent:message``.

        Raises:
            ValueError: the catalogue has no such event or ``data`` does not fit it.
        """

    @abstractmethod
    async def checkpoint(self) -> None:
        """Give way, and stop here if the job was cancelled.

        Raises:
            JobCancelled: it was.
        """

    @abstractmethod
    async def step(
        self,
        name: str,
        fn: Callable[[], T | Awaitable[T]],
        *,
        model: type[T],
        paid: bool = False,
        version: int = 1,
    ) -> T:
        """Run ``fn`` once per job, whatever happens: a later attempt gets its stored result.

        The result goes through JSON on the first run too. ``paid=True`` commits an intent first; an intent without
        a result is never run again silently but fails as ``outcomeUnknown``.

        Raises:
            ValueError: ``name`` was used before in this attempt.
            PermanentError: a stored result does not fit ``model`` any more, or a paid step's end is not known.
        """

    @abstractmethod
    async def gather(self, *steps: Awaitable[T], return_exceptions: bool = False) -> list[Any]:
        """Wait for all ``steps``, then raise the first error, so that no paid call is left orphaned."""

    @abstractmethod
    async def dispatch(self, queue: str, payload: Mapping[str, Any] | BaseModel, *, key: str | None = None) -> str:
        """Submit a child job and return its id, which follows from this job and ``key`` (default: the order).

        Raises:
            ValueError: no such queue, or the payload does not fit it.
        """

    @abstractmethod
    def transaction(self) -> AbstractAsyncContextManager[None]:
        """Collect what is written inside (assets, children, events) and commit it as one."""
