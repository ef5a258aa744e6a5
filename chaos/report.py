"""The table at the end, and the offenders below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from chaos.faults import Faults
from chaos.plugin import DEAD, FLAKY
from chaos.recovery import percentile, recovery_times_s
from chaos.verdict import UNKNOWN, Evidence, judge

__all__ = ["Report", "make_report", "print_report"]

_MOST_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class Report:
    """What a soak found.

    Attributes:
        figures: lines of the table that may be anything.
        offenders: lines that must be empty: promise → job or user → what is wrong.
    """

    figures: Mapping[str, str]
    offenders: Mapping[str, Mapping[str, str]]

    @property
    def is_clean(self) -> bool:
        """Whether every promise was kept."""
        return not any(self.offenders.values())


def make_report(evidence: Evidence, faults: Faults, more: Mapping[str, Mapping[str, str]]) -> Report:
    """Count and judge; ``more`` are offenders that were found elsewhere."""
    recovery = {
        f"recovery from a worker's kill, {name}": _recovery(recovery_times_s(kills, evidence.rows.attempts))
        for name, kills in (("alone", faults.kills_alone), ("all", faults.kills))
    }
    return Report({**_counts(evidence), **recovery, **_faults(faults)}, {**judge(evidence), **more})


def print_report(report: Report, title: str, console: Console) -> None:
    """Print the table, and the offenders where there are any."""
    table = Table(title=title, show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    for name, value in report.figures.items():
        table.add_row(name, value)
    table.add_section()
    for name, found in report.offenders.items():
        table.add_row(name, str(len(found)), style="bold red" if found else "green")
    console.print(table)
    for name, found in report.offenders.items():
        for who, what in list(found.items())[:_MOST_NAMED]:
            console.print(f"{name}: {who}: {what}", markup=False, highlight=False, soft_wrap=True)


def _counts(evidence: Evidence) -> dict[str, str]:
    jobs = evidence.rows.jobs.values()
    ends = Counter(row["status"] for row in jobs)
    failed = Counter(
        UNKNOWN if UNKNOWN in (row["error"] or "") else row["queue_name"] for row in jobs if row["status"] == "failed"
    )
    by_design = sum(row["queue_name"] == FLAKY and row["status"] == "complete" and row["failures"] > 0 for row in jobs)
    children = sum(row["parent_job_id"] is not None for row in jobs)
    attempts = Counter(attempt.status for job in evidence.rows.attempts.values() for attempt in job)
    repeated = sum(len(made) - 1 for (_, step), made in evidence.effects.items() if not step.startswith("paid-"))
    figures = {
        "accepted": f"{len(evidence.accepted)} + {children} children",
        "completed": ends["complete"],
        "of them failed by design before": by_design,
        "dead by design": failed[DEAD],
        "cancelled": ends["cancelled"],
        "paid step with unknown outcome": failed[UNKNOWN],
        "attempts rescued": attempts["rescued"],
        "attempts handed back": attempts["handed-back"],
        "effects repeated before their result stood": repeated,
        "followed live by sockets": f"{evidence.sockets.followed} jobs, {evidence.sockets.joins} joins",
        "of them late on an open socket": len(evidence.sockets.late),
        "read again by sockets": f"{evidence.sockets.read} jobs",
    }
    return {name: str(value) for name, value in figures.items()}


def _recovery(times: Sequence[float]) -> str:
    middle, high = percentile(times, 50), percentile(times, 95)
    if middle is None or high is None:
        return "no job was hit"
    return f"median {middle:.1f} s, p95 {high:.1f} s, {len(times)} jobs"


def _faults(faults: Faults) -> dict[str, str]:
    return {f"fault: {name}": str(count) for name, count in sorted(faults.played.items())}
