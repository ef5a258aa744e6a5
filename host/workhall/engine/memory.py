"""How much memory this process uses, and how much there is."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["memory_limit_bytes", "resident_bytes"]

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
