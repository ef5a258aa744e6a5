"""What the soak's jobs do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from workhall import JobContext, PermanentError

from chaos.effects import write_effect
from chaos.plugin import QUICK, STEPS, Dead, Flaky, Made, Paid, Parent, Quick, Slow, Steps

__all__ = ["die", "dispatch_children", "do_paid_steps", "do_steps", "fail_then_complete", "nothing", "take_time"]

# Side effects and what stands around them take a while, so that faults hit their middle.
_WHILE_S: Final = 0.05
_REPORT_EVERY_S: Final = 0.2


async def nothing(job: JobContext[Quick]) -> None:
    """Complete at once."""


async def fail_then_complete(job: JobContext[Flaky]) -> None:
    """Fail once per step that is not done yet: a step survives rescues, so that each failure is raised once."""
    for number in range(job.payload.failures):
        raised_by = await job.step(f"failure-{number}", partial(_attempt_of, job), model=int)
        if raised_by == job.attempt:
            raise RuntimeError(f"Failure {number + 1} of {job.payload.failures}, by design.")


async def die(job: JobContext[Dead]) -> None:
    """Fail for good."""
    if job.payload.how == "permanent":
        raise PermanentError("Dead by design.")
    raise RuntimeError("Dead by design, after all attempts.")


async def do_steps(job: JobContext[Steps]) -> None:
    """Do steps that may be repeated until their result stands."""
    for number in range(job.payload.steps):
        await job.step(f"step-{number}", _effect(job, f"step-{number}"), model=int)
        await job.progress(100 * (number + 1) / job.payload.steps, f"Step {number + 1}", stage="working")


async def do_paid_steps(job: JobContext[Paid]) -> Made:
    """Do steps that must never be done twice."""
    made = max(1, job.payload.units - job.payload.short)
    for number in range(made):
        await job.step(f"paid-{number}", _effect(job, f"paid-{number}"), model=int, paid=True)
    return Made(made=made)


async def take_time(job: JobContext[Slow]) -> None:
    """Report progress for a while."""
    rounds = max(1, round(job.payload.seconds / _REPORT_EVERY_S))
    for number in range(rounds):
        await asyncio.sleep(_REPORT_EVERY_S)
        await job.progress(100 * (number + 1) / rounds, "Working", stage="working")


async def dispatch_children(job: JobContext[Parent]) -> None:
    """Dispatch children by key, so that every attempt names the same ones."""
    for number in range(job.payload.children):
        await job.dispatch(STEPS if number % 2 else QUICK, {}, key=str(number))
        await asyncio.sleep(_WHILE_S)


def _attempt_of(job: JobContext[Flaky]) -> int:
    return job.attempt


def _effect(job: JobContext[Steps] | JobContext[Paid], step: str) -> Callable[[], Awaitable[int]]:
    """Return a side effect whose result is the attempt that made it."""

    async def act() -> int:
        await asyncio.sleep(_WHILE_S)
        write_effect(job.id, step, job.attempt)
        await asyncio.sleep(_WHILE_S)
        return job.attempt

    return act
