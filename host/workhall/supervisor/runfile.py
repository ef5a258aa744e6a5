"""``DIR/run.json``: where the running system is to be found by the other commands."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

__all__ = ["RunFile", "read_run_file", "read_running", "remove_run_file", "write_run_file"]


class RunFile(BaseModel):
    """What the file says; ``redis_url`` may hold a password, so the file is the owner's alone (mode 0600).

    Args:
        url: where the API answers.
        redis_url: the Redis or Valkey that the system uses.
        pids: process ids by name, e.g. ``supervisor``, ``valkey``, ``api 1``, ``worker 2``.
    """

    model_config = ConfigDict(frozen=True)

    url: str
    redis_url: str
    pids: dict[str, int]


def write_run_file(data_dir: Path, run: RunFile) -> None:
    """Write the file so that a reader sees the old or the new one, never a half."""
    path = data_dir / "run.json"
    draft = path.with_name(f".run.json.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(run.model_dump_json(indent=2) + "\n")
    draft.replace(path)


def remove_run_file(data_dir: Path) -> None:
    """Remove the file; one that is gone already is fine."""
    with suppress(OSError):
        (data_dir / "run.json").unlink()


def read_run_file(data_dir: Path) -> RunFile | None:
    """Return what the file says, be its system alive or not; None where there is none, or none of ours."""
    try:
        return RunFile.model_validate_json((data_dir / "run.json").read_bytes())
    except (OSError, ValidationError):
        return None


def read_running(data_dir: Path) -> RunFile | None:
    """Return where the system on ``data_dir`` runs; None where none runs, whatever a stale file says."""
    from workhall.supervisor.lock import is_locked  # the lock's refusal reads this file in turn

    return read_run_file(data_dir) if is_locked(data_dir) else None
