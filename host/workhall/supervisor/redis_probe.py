"""Find out whether a Redis or Valkey answers."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from workhall.supervisor.errors import StartError

__all__ = ["wait_for_redis"]


async def wait_for_redis(url: str, *, within_s: float = 10.0) -> None:
    """Return when the Redis or Valkey at ``url`` answers PING.

    Raises:
        StartError: it does not answer in time, or the address is none; the sentence shows no password.
    """
    reason = ""
    try:
        async with asyncio.timeout(within_s), _client(url) as redis:
            while True:
                try:
                    await _ping(redis)
                    return
                except (RedisError, OSError) as error:
                    reason = str(error).rstrip(".")
                    await asyncio.sleep(0.2)
    except ValueError as error:
        reason = str(error).rstrip(".")
    except TimeoutError:
        reason = reason or f"no answer within {within_s:g} s"
    raise StartError(f"Redis does not answer ({reason}); check REDIS_URL, or leave it out to use the embedded server.")


async def _ping(redis: Redis) -> None:
    answer: Any = redis.ping()  # typed as "awaitable or bool" for both of the library's clients
    await answer


def _client(url: str) -> Redis:
    retry = Retry(NoBackoff(), 0)
    return Redis.from_url(url, decode_responses=True, socket_timeout=5, socket_connect_timeout=2, retry=retry)
