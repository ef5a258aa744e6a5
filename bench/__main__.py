"""`python -m bench`: measure Workhall and its peers, interleaved, and print tables."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.harness import Results, Run, run_rounds
from bench.protocol import Load, Mode
from bench.subjects import SUBJECTS, Subject
from bench.table import table_of

WARMUP_JOBS: dict[Mode, int] = {Mode.THROUGHPUT: 3_000, Mode.LATENCY: 200, Mode.ENQUEUE: 3_000}
"""Enough for Node to have compiled its hot code, so that ratios to it flatter nobody; at 100 jobs/s, 2 s."""

progress = Console(stderr=True)

WIDTH_OF_A_FILE = 120


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each subject; the figures are medians.")] = 3,
    jobs: Annotated[int, typer.Option(min=1, help="Measured jobs, throughput and enqueue.")] = 5_000,
    latency_jobs: Annotated[int, typer.Option(min=1, help="Measured jobs, latency; 100 a second.")] = 1_000,
    only: Annotated[list[str] | None, typer.Option(help="A subject; repeatable. Default: all.")] = None,
    mode: Annotated[list[Mode] | None, typer.Option(help="A mode; repeatable. Default: all.")] = None,
    out: Annotated[Path | None, typer.Option(help="Also write every run here, a JSON line each.")] = None,
) -> None:
    """Measure Workhall and its peers in one interleaved run and print medians and ratios."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers and subjects are stopped
    chosen = _chosen(only)
    unavailable = {name: why for name, subject in chosen.items() if (why := subject.why_unavailable())}
    runnable = {name: subject for name, subject in chosen.items() if name not in unavailable}
    tables = Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE)
    everything = []
    for one in mode or Mode:
        load = Load(jobs=latency_jobs if one is Mode.LATENCY else jobs, warmup=WARMUP_JOBS[one])
        results = run_rounds(runnable, one, load, rounds, _tell)
        results.missing.update(unavailable)
        tables.print(table_of(results, list(chosen), _detail(load, rounds)))
        everything.append(results)
    if out is not None:
        _write(everything, out)
    if any(results.missing.keys() - unavailable.keys() for results in everything):
        raise typer.Exit(1)


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


def _write(everything: list[Results], out: Path) -> None:
    """Every run, in the order they were made, as the subject printed it plus round and Redis' CPU."""
    runs = [run for results in everything for run in results.runs]
    out.write_text("".join(f"{json.dumps(_row(run))}\n" for run in runs), encoding="utf-8")


def _row(run: Run) -> dict[str, object]:
    return {"round": run.round, **run.figures.model_dump(), "redis_cpu_us_per_job": run.redis_cpu_us_per_job}


if __name__ == "__main__":
    typer.run(main)
