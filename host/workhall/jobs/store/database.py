"""One database, two dialects: functions over a SQLAlchemy `Connection` run in a transaction of their own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

__all__ = ["Database", "DatabaseAway"]

T = TypeVar("T")


class DatabaseAway(Exception):
    """The database cannot be reached; nothing was committed, or it is not known whether."""


class Database(ABC):
    """Runs transactions; a function given to it may run twice and must only touch its connection."""

    dialect: str

    @abstractmethod
    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in a transaction that may write, and commit.

        Raises:
            DatabaseAway: it cannot be reached.
        """

    @abstractmethod
    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in a transaction that only reads.

        Raises:
            DatabaseAway: it cannot be reached.
        """

    @abstractmethod
    async def close(self) -> None:
        """Close every connection."""
