"""Byte ranges of a file (RFC 9110 §14): one range; of several, none is used, which the RFC allows."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

__all__ = ["ByteRange", "UnsatisfiableRange", "parse_range"]

_RANGE: Final = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.IGNORECASE)


class ByteRange(NamedTuple):
    """The bytes from ``start`` up to, not including, ``end``."""

    start: int
    end: int


class UnsatisfiableRange(Exception):
    """The file has none of the bytes that were asked for."""


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """Return the range that ``header`` asks for of a file of ``size`` bytes; None where the whole is to be sent.

    Raises:
        UnsatisfiableRange: it begins behind the end, or asks for the last 0 bytes.
    """
    found = _RANGE.fullmatch(header or "")
    if found is None or found[1] == found[2] == "":
        return None
    if not found[1]:
        return _satisfiable(max(0, size - int(found[2])), size)
    start, end = int(found[1]), int(found[2]) + 1 if found[2] else size
    return None if end <= start and found[2] else _satisfiable(start, min(end, size))


def _satisfiable(start: int, end: int) -> ByteRange:
    if start >= end:
        raise UnsatisfiableRange
    return ByteRange(start, end)
