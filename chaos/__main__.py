"""``python -m chaos``: run a soak and print what became of every job."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from chaos.host import HostDown
from chaos.report import Report, print_report
from chaos.soak import Options, soak

_WIDTH_OF_A_FILE: Final = 120
_LONG_S: Final = 60.0
_WAIT_S: Final = 12.0
_progress = Console(stderr=True)


class DatabaseKind(StrEnum):
    """Kinds of databases."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


def main(
    jobs: Annotated[int, typer.Option(min=1, help="Jobs to submit; their children come on top.")] = 5_000,
    seconds: Annotated[float, typer.Option(min=1, help="How long faults are played.")] = 300,
    seed: Annotated[int, typer.Option(help="What jobs and faults are drawn from.")] = 1,
    database: Annotated[DatabaseKind, typer.Option(help="Kind of the database.")] = DatabaseKind.SQLITE,
    api: Annotated[int, typer.Option(min=1, help="Number of api processes.")] = 2,
    workers: Annotated[int, typer.Option(min=1, help="Number of worker processes.")] = 2,
    gap: Annotated[float, typer.Option(min=0.1, help="The longest time between two faults, in seconds.")] = 3.0,
    keep: Annotated[bool, typer.Option(help="Keep the data folder and its log although all is well.")] = False,
) -> None:
    """Submit jobs while processes and servers are killed at random; exit 1 where a promise was broken."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is stopped
    wait_s = _WAIT_S if seconds >= _LONG_S else 0.0
    options = Options(jobs, seconds, seed, database.value, api, workers, gap_s=(gap / 6, gap), wait_s=wait_s)
    folder = Path(tempfile.mkdtemp(prefix="wh-chaos-"))
    try:
        report = asyncio.run(soak(options, folder, lambda line: _progress.print(line, style="dim")))
    except HostDown as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from None
    _print(report, f"chaos: {jobs} jobs, {seconds:g} s of faults, seed {seed}, {database.value}")
    if report.is_clean and not keep:
        shutil.rmtree(folder)
    else:
        _progress.print(f"The data folder and the log are kept in {folder}", style="dim")
    raise typer.Exit(0 if report.is_clean else 1)


def _print(report: Report, title: str) -> None:
    print_report(report, title, Console(width=None if sys.stdout.isatty() else _WIDTH_OF_A_FILE))


if __name__ == "__main__":
    typer.run(main)
