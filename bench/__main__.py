"""`python -m bench`: measure Workhall and its peers, interleaved, and print tables."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Annotated

import typer
from rich.console import Console

from bench.harness import Results, Run, run_rounds
from bench.protocol import Load, Mode
from bench.subjects import SUBJECTS, Subject
from bench.table import notes_of, table_of

WARMUP_JOBS: dict[Mode, int] = {Mode.THROUGHPUT: 3_000, Mode.LATENCY: 200, Mode.ENQUEUE: 3_000}
"""Enough for Node to have compiled its hot code, so that ratios to it flatter nobody; at 100 jobs/s, 2 s."""

WIDTH_OF_A_FILE = 120

progress = Console(stderr=True)


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each subject; the figures are medians.")] = 3,
    jobs: Annotated[int, typer.Option(min=1, help="Measured jobs, throughput and enqueue.")] = 5_000,
    latency_jobs: Annotated[int, typer.Option(min=1, help="Measured jobs, latency; 100 a second.")] = 1_000,
    only: Annotated[list[str] | None, typer.Option(help="A subject; repeatable. Default: all.")] = None,
    mode: Annotated[list[Mode] | None, typer.Option(help="A mode; repeatable. Default: all.")] = None,
    out: Annotated[
        typer.FileTextWrite | None, typer.Option(lazy=False, help="Also write every run here, as JSON lines.")
    ] = None,
) -> None:
    """Measure Workhall and its peers in one interleaved run and print medians and ratios."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers and subjects are stopped
    chosen = _chosen(only)
    unavailable = {name: why for name, subject in chosen.items() if (why := subject.why_unavailable())}
    runnable = {name: subject for name, subject in chosen.items() if name not in unavailable}
    failed = not runnable
    for one in mode or Mode:
        load = Load(jobs=latency_jobs if one is Mode.LATENCY else jobs, warmup=WARMUP_JOBS[one])
        results = run_rounds(runnable, one, load, rounds, _tell)
        failed = failed or bool(results.missing)
        results.missing.update(unavailable)
        _print(results, list(chosen), _detail(load, rounds))
        if out is not None:
            _write(results, out)
    raise typer.Exit(int(failed))


def _chosen(only: list[str] | None) -> dict[str, Subject]:
    """The subjects to run, in the registry's order."""
    for name in only or ():
        if name not in SUBJECTS:
            known = ", ".join(SUBJECTS)
            raise typer.BadParameter(f"'{name}' is no subject; there are: {known}", param_hint="--only")
    return {name: subject for name, subject in SUBJECTS.items() if not only or name in only}


def _detail(load: Load, rounds: int) -> str:
    times = "once" if rounds == 1 else f"{rounds} times"
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    return f"{load.jobs:,} jobs {times}, concurrency {load.concurrency}, {machine}"


def _tell(run: Run) -> None:
    figures = run.figures
    progress.print(
        f"round {run.round}: {figures.mode} {figures.subject}: {figures.jobs_per_s:,.0f} jobs/s", style="dim"
    )


def _print(results: Results, names: list[str], detail: str) -> None:
    """The table of one mode, and what to know about it."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE)
    console.print(table_of(results, names))
    for note in notes_of(results, detail):
        console.print(note, style="dim", markup=False, highlight=False, soft_wrap=True)
    console.print()


def _write(results: Results, out: typer.FileTextWrite) -> None:
    """Every run, in the order they were made, as the subject printed it plus round and Redis' CPU."""
    for run in results.runs:
        more = {"round": run.round, "redis_cpu_us_per_job": run.redis_cpu_us_per_job}
        out.write(json.dumps(run.figures.model_dump() | more) + "\n")
    out.flush()


if __name__ == "__main__":
    typer.run(main)
