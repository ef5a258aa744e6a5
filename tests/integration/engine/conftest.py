"""The engine on real servers: databases made once and emptied for each test, Valkey, and hosts of test processors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from tests.integration.engine.lua import Lua


@pytest.fixture
def lua(valkey: str) -> Iterator[Lua]:
    """The operations on an empty server."""
    with Redis.from_url(valkey) as redis:
        yield Lua(redis)
