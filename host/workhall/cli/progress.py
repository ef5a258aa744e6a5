"""A job's progress as it happens: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from workhall.client import Event

__all__ = ["job_progress"]


@contextmanager
def job_progress(title: str, parts: Sequence[str] = ()) -> Iterator[Callable[[Event], None]]:
    """Show a job's events; yields the function that takes them.

    Args:
        title: the job's name beside the bar of the whole.
        parts: names of its parts, one bar each, filled by events whose ``logoIndex`` is the part's index.
    """
    if not sys.stdout.isatty():
        yield _line
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    text = TextColumn("{task.fields[message]}", style="dim", markup=False)
    name = TextColumn("{task.description}", markup=False)
    with Progress(name, BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(), text) as progress:
        yield _Bars(progress, title, parts)


def _line(event: Event) -> None:
    percent = event.data.get("progress")
    shown = "      " if percent is None else f"{percent:>4} %"
    text = event.data.get("error") or event.data.get("message") or event.name
    typer.echo(f"{shown}  {text}")


class _Bars:
    def __init__(self, progress: Progress, title: str, parts: Sequence[str]) -> None:
        self._progress = progress
        self._whole = progress.add_task(title, total=100, message="")
        self._parts: list[TaskID] = [
            progress.add_task(f"  {part}", total=100, message="", start=False) for part in parts
        ]

    def __call__(self, event: Event) -> None:
        """Show one event."""
        data = event.data
        message = str(data.get("error") or data.get("message") or "")
        if data.get("progress") is not None:
            self._progress.update(self._whole, completed=float(data["progress"]))
        self._progress.update(self._whole, message=message)
        if event.name == "job:progress" and data.get("status") == "generating":
            self._start_parts()
        index = data.get("logoIndex")
        if isinstance(index, int) and 0 <= index < len(self._parts):
            self._progress.update(self._parts[index], completed=100, message=message)
            self._progress.stop_task(self._parts[index])

    def _start_parts(self) -> None:
        for part in self._parts:
            if self._progress.tasks[part].start_time is None:
                self._progress.start_task(part)
