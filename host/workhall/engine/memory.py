"""How much memory this process uses, and how much there is."""

from __future__ import annotations

import os
from collections.abc import Container, Hashable
from contextlib import suppress
from pathlib import Path
from typing import Final, Generic, TypeVar

__all__ = ["Scales", "memory_limit_bytes", "resident_bytes"]

Key = TypeVar("Key", bound=Hashable)

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_STATM: Final = Path("/proc/self/statm")  # proc(5): the second figure is the resident set in pages
_CGROUP: Final = Path("/sys/fs/cgroup/memory.max")  # Linux kernel documentation, "Control Group v2"
_SHARE: Final = 0.8


def resident_bytes() -> int:
    """Return the resident memory of this process; 0 where the system does not tell."""
    try:
        return int(_STATM.read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def memory_limit_bytes(megabytes: int) -> int:
    """Return the limit for a process: ``megabytes``, or for 0 four fifths of what machine or container has."""
    if megabytes:
        return megabytes << 20
    there_is = os.sysconf("SC_PHYS_PAGES") * _PAGE
    with suppress(OSError, ValueError):
        there_is = min(there_is, int(_CGROUP.read_text()))
    return int(there_is * _SHARE)


class Scales(Generic[Key]):
    """Puts the growth of this process down to what was executing when it was noticed."""

    def __init__(self) -> None:
        self._last = resident_bytes()
        self._grown: dict[Key, int] = {}

    def weigh(self, executing: set[Key], under_way: Container[Key]) -> int:
        """Note what grew since the last time, if one alone executes now; returns the resident bytes."""
        now = resident_bytes()
        growth, self._last = now - self._last, now
        self._grown = {key: grown for key, grown in self._grown.items() if key in under_way}
        if growth > 0 and len(executing) == 1:
            (key,) = executing
            self._grown[key] = self._grown.get(key, 0) + growth
        return now

    def heaviest(self) -> Key | None:
        """Return what more than half of the growth was put down to, None where there is no such."""
        total = sum(self._grown.values())
        return next((key for key, grown in self._grown.items() if grown * 2 > total), None)
