"""The plugin that the soak runs: one queue for each way in which a job can live and end."""

from typing import Final, Literal

from pydantic import BaseModel, Field
from workhall import Processor, Retry, fixed, hookimpl

__all__ = ["DEAD", "FLAKY", "PAID", "PARENT", "QUICK", "SLOW", "STEPS", "processors"]

QUICK: Final = "chaos-quick"
FLAKY: Final = "chaos-flaky"
DEAD: Final = "chaos-dead"
STEPS: Final = "chaos-steps"
PAID: Final = "chaos-paid"
SLOW: Final = "chaos-slow"
PARENT: Final = "chaos-parent"
_WAIT_S: Final = 0.3


class Quick(BaseModel):
    """Does nothing."""

    number: int = 0


class Flaky(BaseModel):
    """Fails ``failures`` times, then completes."""

    failures: int = Field(ge=1, le=3)


class Dead(BaseModel):
    """Ends as a dead letter: at its first attempt, or when its attempts are used up."""

    how: Literal["permanent", "exhausted"]


class Steps(BaseModel):
    """Does ``steps`` steps with a side effect each."""

    steps: int = Field(default=3, ge=1, le=10)


class Paid(BaseModel):
    """Does a paid step for each of ``units``, and makes one unit fewer where ``short`` is set."""

    units: int = Field(ge=1, le=5)
    short: bool = False


class Made(BaseModel):
    """How many units were really made."""

    made: int


class Slow(BaseModel):
    """Takes ``seconds`` and reports its progress."""

    seconds: float = Field(gt=0, le=30)


class Parent(BaseModel):
    """Dispatches ``children`` jobs."""

    children: int = Field(ge=1, le=5)


@hookimpl
def processors() -> list[Processor]:
    """The queues of the soak."""
    return [
        _processor(QUICK, Quick, "nothing"),
        _processor(FLAKY, Flaky, "fail_then_complete", retry=Retry(attempts=4, backoff=fixed(_WAIT_S))),
        _processor(DEAD, Dead, "die", retry=Retry(attempts=2, backoff=fixed(_WAIT_S))),
        _processor(STEPS, Steps, "do_steps"),
        _processor(PAID, Paid, "do_paid_steps", result=Made, credits=2, credit_units="units", settle_units="made"),
        _processor(SLOW, Slow, "take_time"),
        _processor(PARENT, Parent, "dispatch_children"),
    ]


def _processor(queue: str, payload: type[BaseModel], handler: str, **more: object) -> Processor:
    fields = {"queue": queue, "payload": payload, "handler": f"chaos.handlers:{handler}", "dispatch": "user"}
    return Processor.model_validate({**fields, "timeout": 60, "concurrency": 10, **more})
