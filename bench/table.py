"""Medians and ratios of one mode as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from rich.table import Table

from bench.harness import Results, Run
from bench.protocol import Mode
from bench.subjects import BASELINE


@dataclass(frozen=True)
class Column:
    """One figure: its heading, where it is in a run, and how its value is written."""

    heading: str
    value: Callable[[Run], float | None]
    decimals: int = 0

    def cell(self, runs: dict[int, Run], baseline: dict[int, Run]) -> str:
        """The median, and behind it the median over the rounds of the ratio to the baseline of that round."""
        values = [value for run in runs.values() if (value := self.value(run)) is not None]
        if not values:
            return "-"
        written = f"{median(values):,.{self.decimals}f}"
        ratio = self._ratio(runs, baseline)
        return written if ratio is None else f"{written} [dim]({ratio:.2f}x)[/dim]"

    def _ratio(self, runs: dict[int, Run], baseline: dict[int, Run]) -> float | None:
        shared = runs.keys() & baseline.keys()
        pairs = [(self.value(runs[number]), self.value(baseline[number])) for number in shared]
        ratios = [own / other for own, other in pairs if own is not None and other]
        return median(ratios) if ratios else None


RATE = Column("jobs/s", lambda run: run.figures.jobs_per_s)
CPU = Column("CPU µs/job", lambda run: run.figures.cpu_us_per_job)
REDIS_CPU = Column("Redis CPU µs/job", lambda run: run.redis_cpu_us_per_job)
P50 = Column("p50 ms", lambda run: run.figures.p50_ms, decimals=2)
P99 = Column("p99 ms", lambda run: run.figures.p99_ms, decimals=2)

TITLES: dict[Mode, str] = {
    Mode.THROUGHPUT: "No-op jobs: one worker drains a full queue",
    Mode.LATENCY: "Pickup: add to handler start, idle worker",
    Mode.ENQUEUE: "Add: one call alone (p50, p99), many in flight (the rest)",
}
COLUMNS: dict[Mode, Sequence[Column]] = {
    Mode.THROUGHPUT: (RATE, CPU, REDIS_CPU),
    Mode.LATENCY: (P50, P99, CPU, REDIS_CPU),
    Mode.ENQUEUE: (RATE, CPU, REDIS_CPU, P50, P99),
}


def table_of(results: Results, names: Sequence[str]) -> Table:
    """One row per subject in the order of `names`."""
    table = Table(title=TITLES[results.mode])
    table.add_column("subject")
    for column in COLUMNS[results.mode]:
        table.add_column(column.heading, justify="right")
    baseline = results.of(BASELINE)
    for name in names:
        if runs := results.of(name):
            table.add_row(name, *(column.cell(runs, baseline) for column in COLUMNS[results.mode]))
    return table


def notes_of(results: Results, detail: str) -> list[str]:
    """What to know about the table, a sentence each; `detail` says how much load a run was."""
    has_baseline = bool(results.of(BASELINE))
    compared = f"(median ratio to {BASELINE})" if has_baseline else f"without ratios: {BASELINE} did not run"
    missing = [f"{name} is left out: {reason}" for name, reason in results.missing.items()]
    return [f"{detail}; medians {compared}", *missing, *_repeats(results)]


def _repeats(results: Results) -> list[str]:
    """A sentence for each subject that ran jobs more than once."""
    extra: Counter[str] = Counter()
    for run in results.runs:
        extra[run.figures.subject] += run.figures.extra_starts
    return [f"{name} started handlers {count} times too often" for name, count in extra.items() if count]
