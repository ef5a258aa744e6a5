"""What the children see: the same system, with every default resolved by the supervisor once."""

from __future__ import annotations

import os
from typing import Final
from urllib.parse import urlsplit

from workhall.settings import Settings

__all__ = ["API_PROCESSES", "PROCESS_NAME", "child_environment"]

API_PROCESSES: Final = "WORKHALL_API_PROCESSES"
PROCESS_NAME: Final = "WORKHALL_PROCESS_NAME"


def child_environment(settings: Settings, name: str, *, redis_url: str, url: str, api_processes: int) -> dict[str, str]:
    """Return the environment of one child.

    Args:
        settings: the supervisor's own.
        name: what the child's log lines are marked with, e.g. ``worker 1``.
        redis_url: the server in use, embedded or not.
        url: where the API answers on this machine.
        api_processes: how many api processes share the socket (more than one: websocket only, contract §5).
    """
    return {
        **os.environ,
        "WORKHALL_DATA": str(settings.data_dir),
        "WORKHALL_ENV": settings.env,
        "WORKHALL_LOG_LEVEL": settings.log_level,
        "WORKHALL_SHUTDOWN_GRACE": str(settings.shutdown_grace_s),
        "REDIS_URL": redis_url,
        "DATABASE_URL": settings.database,
        "STORAGE_URL": settings.storage,
        "PUBLIC_URL": settings.public_url,
        "PORT": str(urlsplit(url).port),
        PROCESS_NAME: name,
        API_PROCESSES: str(api_processes),
    }
