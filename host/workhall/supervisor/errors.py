"""What can go wrong at the start; every message is one sentence for the operator, with the way out."""

from __future__ import annotations

import signal

__all__ = ["AlreadyRunning", "StartError", "describe_exit"]


class StartError(Exception):
    """A part of the system could not be started."""


class AlreadyRunning(StartError):
    """Another `workhall up` holds the data folder."""


def describe_exit(code: int | None) -> str:
    """Say how a process ended, by its return code as `subprocess` gives it (negative: killed by that signal)."""
    if code is None:
        return "still running"
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
