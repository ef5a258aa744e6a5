"""Connections to Redis: each user of one has its own, named in ``CLIENT LIST``."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MasterDownError, OutOfMemoryError, ReadOnlyError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

__all__ = ["AWAY", "FAULTS", "backoff_s", "connect", "connect_blocking", "is_away"]

# What counts as "Redis is away": a full or read-only server is an absent one. BusyLoading is a ConnectionError.
AWAY: Final = (RedisConnectionError, RedisTimeoutError, ReadOnlyError, OutOfMemoryError, MasterDownError, OSError)
# Whatever a call can raise, for loops that must never end.
FAULTS: Final = (RedisError, OSError)
# Refusals that pass by themselves and have no class in redis-py: the words that such replies begin with.
_PASSING: Final = ("MISCONF", "NOREPLICAS", "BUSY", "CLUSTERDOWN", "TRYAGAIN")


def connect(url: str, name: str) -> Redis:
    """Return a client of one or two connections that connects at first use; the caller retries."""
    client = Redis.from_url(url, **_options(name))
    pool = client.connection_pool
    pool.connection_class = _cancellable(pool.connection_class)
    return client


def connect_blocking(url: str, name: str) -> BlockingRedis:
    """Return the same for a thread."""
    return BlockingRedis.from_url(url, **_options(name))


def is_away(error: BaseException) -> bool:
    """Tell whether ``error`` says that Redis takes no writes just now: what it refused may be sent again later."""
    return isinstance(error, AWAY) or str(error).startswith(_PASSING)


def backoff_s(tries: int) -> float:
    """Return how long to wait before try ``tries`` + 1: min(n · 200 ms, 5 s), as the requirements ask."""
    return min(tries * 0.2, 5.0)


def _options(name: str) -> dict[str, Any]:
    return {
        "client_name": f"workhall-{name}",
        "socket_connect_timeout": 2,
        "socket_timeout": 15,
        "socket_keepalive": True,
        "health_check_interval": 0,
        "retry": Retry(NoBackoff(), 0),
        "decode_responses": False,
    }


class _Cancellable(AbstractConnection):
    """Sends without ``asyncio.wait_for``.

    Where a connection has a time-out redis-py sends inside one, which costs a task for each command and, before
    Python 3.12, loses a cancellation that arrives as the sending ends (CPython issue 86296): a drain would wait for
    ever for a task that was told to end and goes on.
    """

    async def send_packed_command(self, command: bytes | str | Iterable[bytes], check_health: bool = True) -> None:
        timeout_s, self.socket_timeout = self.socket_timeout, None
        try:
            async with asyncio.timeout(timeout_s):
                await super().send_packed_command(command, check_health)
        except TimeoutError:
            raise RedisTimeoutError("Timeout writing to socket") from None
        finally:
            self.socket_timeout = timeout_s


def _cancellable(kind: type[AbstractConnection]) -> type[AbstractConnection]:
    """Return ``kind`` (plain, TLS or Unix socket) with that way of sending."""
    return type(f"Cancellable{kind.__name__}", (_Cancellable, kind), {})
