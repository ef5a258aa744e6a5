"""The Lua operations, joined to the one script that the pump sends."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

__all__ = ["LEASE", "OPERATIONS", "sync_script"]

OPERATIONS: Final = ("enqueue", "schedule", "claim", "done", "publish", "tell")

# Renews a worker's lease by Redis's own clock and makes sure that there is an epoch; answers with the epoch.
# KEYS: none. ARGV: worker, lease in ms, an epoch to set where there is none.
LEASE: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZADD', 'saq:leases', now + tonumber(ARGV[2]), ARGV[1])
redis.call('SET', 'saq:epoch', ARGV[3], 'NX')
return redis.call('GET', 'saq:epoch')
"""


@cache
def sync_script() -> str:
    """Return the script: prelude, the operations, and the loop that calls them."""
    folder = files("workhall.engine") / "lua"
    parts = ("prelude", *OPERATIONS, "sync")
    return "\n".join((folder / f"{part}.lua").read_text() for part in parts)
