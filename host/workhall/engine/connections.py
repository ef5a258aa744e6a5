"""Connections to Redis: each user of one has its own, named in ``CLIENT LIST``."""

from __future__ import annotations

from typing import Any, Final

from redis import Redis as BlockingRedis
from redis.asyncio import Redis
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
    return Redis.from_url(url, **_options(name))


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
