"""Which promises were kept: every check is a function from what is known to the offenders, each with a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import RowMapping
from workhall.jobs.ids import child_id

from chaos.effects import Effects
from chaos.plugin import DEAD, FLAKY, PAID, PARENT, QUICK, STEPS
from chaos.rows import Rows
from chaos.sockets import SocketLog
from chaos.wishes import Wish

__all__ = ["Evidence", "judge"]

TERMINAL = ("complete", "failed", "cancelled")
UNKNOWN = "outcomeUnknown"
Offenders = Iterator[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known when all is over."""

    wishes: Sequence[Wish]
    rows: Rows
    effects: Effects
    sockets: SocketLog
    user_ids: Sequence[str]
    refused: Sequence[str]

    @property
    def accepted(self) -> dict[str, Wish]:
        """The jobs that a caller has a 202 for."""
        return {wish.job_id: wish for wish in self.wishes if wish.job_id is not None}


def judge(evidence: Evidence) -> dict[str, dict[str, str]]:
    """Return the offenders of every promise, by its name: job (or user) and what is wrong with it."""
    return {
        "lost": dict(_lost(evidence)),
        "refused or accepted twice": dict(_misaccepted(evidence)),
        "wrong ends": dict(_wrong_ends(evidence)),
        "double effects": dict(_double_effects(evidence)),
        "missing or doubled events, rows": dict(_wrong_events(evidence)),
        "missing or doubled events, sockets": dict(evidence.sockets.faults),
        "wrong credits": dict(_wrong_credits(evidence)),
    }


def _lost(evidence: Evidence) -> Offenders:
    for job_id in evidence.accepted:
        row = evidence.rows.jobs.get(job_id)
        if row is None:
            yield job_id, "accepted, and there is no row"
    for job_id, row in evidence.rows.jobs.items():
        if row["status"] not in TERMINAL:
            yield job_id, f"still {row['status']}"
        elif row["queue_name"] == PARENT and row["status"] == "complete":
            yield from _lost_children(evidence, job_id)


def _lost_children(evidence: Evidence, parent: str) -> Offenders:
    wish = evidence.accepted.get(parent)
    for number in range(wish.payload["children"] if wish else 0):
        child = child_id(parent, STEPS if number % 2 else QUICK, str(number))
        if child not in evidence.rows.jobs:
            yield child, f"dispatched by {parent}, and there is no row"


def _misaccepted(evidence: Evidence) -> Offenders:
    for number, sentence in enumerate(evidence.refused):
        yield f"refusal {number + 1}", sentence
    unanswered = [wish for wish in evidence.wishes if wish.job_id is None]
    for wish in unanswered:
        yield f"request {wish.number}", f"nobody accepted it: {wish.queue} {wish.payload}"
    if unanswered:
        return  # one that got no answer may have left a row
    for job_id, row in evidence.rows.jobs.items():
        if row["parent_job_id"] is None and job_id not in evidence.accepted:
            yield job_id, "a row for which nobody has a 202: a repeated request made another job"


def _wrong_ends(evidence: Evidence) -> Offenders:
    for job_id, row in evidence.rows.jobs.items():
        if row["status"] in TERMINAL and (fault := _wrong_end(evidence, job_id, row)):
            yield job_id, fault


def _wrong_end(evidence: Evidence, job_id: str, row: RowMapping) -> str:
    status, queue = row["status"], row["queue_name"]
    letters = evidence.rows.dead_letters.get(job_id, 0)
    if letters != (status == "failed"):
        return f"{status} with {letters} dead letters"
    if status == "cancelled":
        return "" if _was_cancelled(evidence, row) else "cancelled although nobody asked"
    if queue == PAID and status == "failed":
        return "" if UNKNOWN in (row["error"] or "") else f"failed: {row['error']}"
    if status != ("failed" if queue == DEAD else "complete"):
        return f"{status}: {row['error']}"
    return _wrong_failures(evidence, job_id, row)


def _wrong_failures(evidence: Evidence, job_id: str, row: RowMapping) -> str:
    """A rescue, a restart or a hand-back is no failed attempt: only the failures by design are counted."""
    wish = evidence.accepted.get(job_id)
    if wish is None:
        return ""
    most = {FLAKY: wish.payload.get("failures", 0), DEAD: 1 if wish.payload.get("how") == "permanent" else 2}
    allowed = most.get(wish.queue, 0)
    return "" if row["failures"] <= allowed else f"{row['failures']} failures are counted, {allowed} are by design"


def _was_cancelled(evidence: Evidence, row: RowMapping) -> bool:
    wish = evidence.accepted.get(row["parent_job_id"] or row["job_id"])
    return wish is not None and wish.is_cancelled


def _double_effects(evidence: Evidence) -> Offenders:
    """A paid effect may be made once; another one not again by an attempt after the one whose result stands."""
    for (job_id, step), attempts in evidence.effects.items():
        if step.startswith("paid-") and len(attempts) > 1:
            yield f"{job_id} {step}", f"paid {len(attempts)} times, by the attempts {list(attempts)}"
        kept = evidence.rows.steps.get((job_id, step))
        if kept is not None and any(attempt > kept for attempt in attempts):
            yield f"{job_id} {step}", f"attempt {kept} had its result, and yet it was done by {list(attempts)}"


def _wrong_events(evidence: Evidence) -> Offenders:
    for job_id, row in evidence.rows.jobs.items():
        events = evidence.rows.events.get(job_id, ())
        seqs = [event.seq for event in events]
        if seqs != list(range(1, row["last_seq"] + 1)):
            yield job_id, f"the row says {row['last_seq']} events, there are {seqs}"
        elif row["status"] in TERMINAL and [event.seq for event in events if event.terminal] != [row["last_seq"]]:
            yield job_id, f"not one terminal event at its end: {[event.name for event in events]}"


def _wrong_credits(evidence: Evidence) -> Offenders:
    used = _used(evidence.rows.jobs)
    for user_id in evidence.user_ids:
        balance, granted = evidence.rows.balances[user_id], evidence.rows.granted[user_id]
        remaining, spent = balance["credits_remaining"], balance["credits_used"]
        reserved = balance["credits_reserved"]
        if remaining + reserved + spent != granted:
            yield user_id, f"{granted} granted, {remaining} remaining + {reserved} reserved + {spent} used"
        if reserved:
            yield user_id, f"{reserved} are reserved although every job has ended"
        if spent != used.get(user_id, 0):
            yield user_id, f"{spent} used, the completed jobs cost {used.get(user_id, 0)}"
    for job_id, wish in evidence.accepted.items():
        row = evidence.rows.jobs.get(job_id)
        if wish.queue == PAID and row is not None and row["status"] == "complete":
            due = 2 * max(1, wish.payload["units"] - wish.payload["short"])
            if row["credits_settled"] != due:
                yield job_id, f"{row['credits_settled']} credits settled instead of {due}"


def _used(jobs: Mapping[str, RowMapping]) -> dict[str, int]:
    used: dict[str, int] = {}
    for row in jobs.values():
        if row["user_id"]:
            used[row["user_id"]] = used.get(row["user_id"], 0) + (row["credits_settled"] or 0)
    return used
