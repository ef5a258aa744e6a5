"""Job ids: ``{queue}-{uuid7}`` (RFC 9562 §5.7), and ids of children and assets that follow from their parent."""

from __future__ import annotations

import hashlib
import os
import time
from uuid import UUID

__all__ = ["child_id", "derived_uuid", "job_id", "now_ms", "queue_of", "uuid7"]

_UUID_LENGTH = 36


def now_ms() -> int:
    """Return the wall clock in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def uuid7(at_ms: int | None = None) -> UUID:
    """Return a new time-ordered UUID."""
    return _uuid7(now_ms() if at_ms is None else at_ms, int.from_bytes(os.urandom(10), "big"))


def job_id(queue: str) -> str:
    """Return a new id for a job of ``queue``."""
    return f"{queue}-{uuid7()}"


def queue_of(identifier: str) -> str:
    """Return the queue's name in a job id."""
    return identifier[: -_UUID_LENGTH - 1]


def derived_uuid(parent: str, key: str) -> UUID:
    """Return the UUID that follows from ``parent`` (a job id) and ``key``: the same every time."""
    digest = hashlib.sha256(f"{parent}\x00{key}".encode()).digest()
    return _uuid7(UUID(parent[-_UUID_LENGTH:]).int >> 80, int.from_bytes(digest[:10], "big"))


def child_id(parent: str, queue: str, key: str) -> str:
    """Return the id of the child that ``parent`` dispatches to ``queue`` under ``key``."""
    return f"{queue}-{derived_uuid(parent, queue + chr(0) + key)}"


def _uuid7(at_ms: int, random_80_bits: int) -> UUID:
    value = (at_ms & (1 << 48) - 1) << 80 | random_80_bits
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)
