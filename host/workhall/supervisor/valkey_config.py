"""The values of Redis and Valkey, once: ``deploy/redis.conf`` and the embedded server's file are made from them.

Source: `redis.conf` of the requirements, "Redis Configuration".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["SECTIONS", "deployment_config", "embedded_config"]

SECTIONS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "Memory: jobs must never be evicted, so a full server refuses writes": {
        "maxmemory": ("256mb",),
        "maxmemory-policy": ("noeviction",),
    },
    "Persistence: the append-only file survives a restart; at most one second is lost with the machine": {
        "appendonly": ("yes",),
        "appendfsync": ("everysec",),
        "auto-aof-rewrite-percentage": ("100",),
        "auto-aof-rewrite-min-size": ("64mb",),
    },
    "Snapshots as a backup": {
        "save": ("900 1", "300 10", "60 10000"),
    },
    "Network": {
        "bind": ("0.0.0.0",),  # noqa: S104 - inside a container network; the embedded server binds loopback
        "protected-mode": ("no",),
        "tcp-keepalive": ("300",),
        "timeout": ("0",),
    },
    "Logging: to standard output": {
        "loglevel": ("notice",),
        "logfile": ('""',),
    },
    "Performance": {
        "hz": ("10",),
        "dynamic-hz": ("yes",),
    },
}


def deployment_config() -> str:
    """Return the text of ``deploy/redis.conf``."""
    head = "# Made from workhall.supervisor.valkey_config, where the embedded server's values come from too.\n"
    return head + _text(SECTIONS)


def embedded_config(port: int, directory: Path) -> str:
    """Return the embedded server's configuration: the same values, but loopback, ``port`` and ``directory``."""
    own = {
        "bind": ("127.0.0.1",),
        "protected-mode": ("yes",),
        "port": (str(port),),
        "dir": (_quoted(str(directory)),),
        "daemonize": ("no",),
    }
    return _text({**SECTIONS, "This server": own})


def _text(sections: Mapping[str, Mapping[str, tuple[str, ...]]]) -> str:
    blocks = []
    for title, settings in sections.items():
        lines = [f"{name} {value}" for name, values in settings.items() for value in values]
        blocks.append("\n".join([f"\n# {title}", *lines]) + "\n")
    return "".join(blocks)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
