"""The hooks that a plugin may implement, each marked with `hookimpl`.

Two families. *Declarations* are called once at start-up and are sync. *Observers* are told afterwards what happened:
from the event log, at least once, in order per job, each isolated from the others; they cannot change an outcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pluggy

if TYPE_CHECKING:
    from workhall.sdk.events import EventSpec, JobEvent
    from workhall.sdk.processor import Processor

__all__ = ["ENTRY_POINT_GROUP", "HookSpecs", "hookimpl", "hookspec"]

ENTRY_POINT_GROUP: Final = "workhall"
hookspec: Final = pluggy.HookspecMarker("workhall")
hookimpl: Final = pluggy.HookimplMarker("workhall")


class HookSpecs:
    """Every hook of the host; an implementation lists only the arguments that it wants."""

    @hookspec
    def processors(self) -> list[Processor]:  # type: ignore[empty-body]
        """Declaration: the processors that this plugin brings."""

    @hookspec
    def socket_events(self) -> list[EventSpec]:  # type: ignore[empty-body]
        """Declaration: further events that this plugin's handlers emit."""

    @hookspec
    def email_templates(self) -> dict[str, str]:  # type: ignore[empty-body]
        """Declaration: e-mail templates, name to the path of a template file."""

    @hookspec
    def cli(self, group: Any) -> None:
        """Declaration: add commands of your own to ``group`` (a typer app)."""

    @hookspec
    def job_queued(self, event: JobEvent) -> None:
        """Observer: a job was accepted, or is to run again."""

    @hookspec
    def job_started(self, event: JobEvent) -> None:
        """Observer: an attempt began."""

    @hookspec
    def job_progressed(self, event: JobEvent) -> None:
        """Observer: an attempt reported progress."""

    @hookspec
    def job_retrying(self, event: JobEvent) -> None:
        """Observer: an attempt failed and another one follows."""

    @hookspec
    def job_completed(self, event: JobEvent) -> None:
        """Observer: a job ended well."""

    @hookspec
    def job_failed(self, event: JobEvent) -> None:
        """Observer: a job failed for good."""

    @hookspec
    def job_cancelled(self, event: JobEvent) -> None:
        """Observer: a job was cancelled."""

    @hookspec
    def job_dead_lettered(self, event: JobEvent) -> None:
        """Observer: a failed job was put among the dead letters."""

    @hookspec
    def plugin_loaded(self, plugin: Any) -> None:
        """Observer: a plugin was loaded; ``plugin`` is its record."""

    @hookspec
    def plugin_failed(self, plugin: Any, error: str) -> None:
        """Observer: a plugin could not be loaded; ``error`` is one sentence."""

    @hookspec
    def worker_started(self, worker: Any) -> None:
        """Observer: a worker process is ready."""

    @hookspec
    def worker_stopping(self, worker: Any) -> None:
        """Observer: a worker process begins to drain."""
