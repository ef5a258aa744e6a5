"""What `workhall up` shall start."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

__all__ = ["PROGRAM", "Plan", "upgrade_database"]

# -P: a file in the working directory must not shadow a module of ours.
PROGRAM: Final = (sys.executable, "-P", "-m", "workhall")


def upgrade_database(url: str) -> None:
    """Bring the database to the newest schema; blocking."""
    from workhall.jobs import migrate

    migrate.upgrade_database(url)


@dataclass(frozen=True, slots=True)
class Plan:
    """What `run_up` shall start.

    Args:
        host: the address to listen on.
        port: its port; 0 picks a free one.
        api: number of api processes, at least 1.
        workers: number of worker processes.
        program: the command line that ``api`` and ``worker`` are appended to.
        upgrade: brings the database at an address up to date; blocking.
    """

    host: str = "127.0.0.1"
    port: int = 3000
    api: int = 1
    workers: int = 2
    program: tuple[str, ...] = PROGRAM
    upgrade: Callable[[str], None] = upgrade_database
