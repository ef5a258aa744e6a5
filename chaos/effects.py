"""Side effects, one line each in a file: the outside world, which no transaction can roll back."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

__all__ = ["EFFECTS", "Effects", "read_effects", "write_effect"]

EFFECTS: Final = "WORKHALL_CHAOS_EFFECTS"
# The attempts that made each effect, by job and step, in the order in which they made it.
Effects = Mapping[tuple[str, str], Sequence[int]]


def write_effect(job_id: str, step: str, attempt: int) -> None:
    """Note that ``attempt`` has made the effect of ``step``; one write to a file opened for appending is atomic."""
    descriptor = os.open(os.environ[EFFECTS], os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, f"{job_id} {step} {attempt}\n".encode())
    finally:
        os.close(descriptor)


def read_effects(path: Path) -> Effects:
    """Return every effect that was made."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for line in path.read_text().splitlines() if path.exists() else []:
        job_id, step, attempt = line.split()
        found[job_id, step].append(int(attempt))
    return found
