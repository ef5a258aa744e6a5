"""What the routes work with, put together once at start-up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from litestar import Request
from litestar.datastructures import State

from workhall.api.signing import FileSigner
from workhall.jobs.cancel import Canceller
from workhall.jobs.ports import Dispatcher
from workhall.jobs.principal import Principal
from workhall.jobs.replay import Replayer
from workhall.jobs.store import Database, SqlStore
from workhall.jobs.submit import Submitter
from workhall.plugins.registry import Registry
from workhall.settings import Settings
from workhall.storage import ObjectStorage

__all__ = ["ApiRequest", "ApiState", "Engine"]


class Engine(Dispatcher, Protocol):
    """The dispatcher, which also knows whether Redis answers."""

    @property
    def is_up(self) -> bool:
        """Whether Redis answered last time."""


@dataclass(frozen=True, slots=True)
class ApiState:
    """Everything that a request may need.

    Attributes:
        settings: the host's settings.
        registry: the plugins of this process.
        store: the rows.
        submitter: turns requests into jobs.
        canceller: ends jobs before their time.
        replayer: runs ended jobs again.
        engine: orders and announces; says whether Redis is up.
        storage: the files.
        signer: signs their addresses.
        count_workers: how many worker processes live.
        draining: set when this process is about to end: whoever waits for something answers now.
    """

    settings: Settings
    registry: Registry
    store: SqlStore
    submitter: Submitter
    canceller: Canceller
    replayer: Replayer
    engine: Engine
    storage: ObjectStorage
    signer: FileSigner
    count_workers: Callable[[], Awaitable[int]]
    draining: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def database(self) -> Database:
        """The database behind the store."""
        return self.store.database


class ApiRequest(Request[Principal, Any, State]):
    """A request that knows the `ApiState`; its ``user`` is the `Principal` that the guard found."""

    @property
    def api(self) -> ApiState:
        """What the routes work with."""
        state: ApiState = self.app.state["api"]
        return state

    @property
    def public_base(self) -> str:
        """The address that clients reach this host at, without a slash at the end."""
        return (self.api.settings.public_url or str(self.base_url)).rstrip("/")
