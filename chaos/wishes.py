"""Which jobs a soak submits: drawn from a seed, so that a run can be made again."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chaos.plugin import DEAD, FLAKY, PAID, PARENT, QUICK, SLOW, STEPS

__all__ = ["USERS", "Wish", "draw_wishes"]

USERS: Final = 3
_SHARES: Final = {QUICK: 22, FLAKY: 12, DEAD: 8, STEPS: 15, PAID: 15, SLOW: 20, PARENT: 8}
_DELAYED: Final = 0.15
_CANCELLED: Final = 0.1
_CANCELLED_WHILE_SLOW: Final = 0.3
_WATCHED: Final = 0.15


@dataclass(slots=True)
class Wish:
    """A job to submit, and what is known of it.

    Args:
        number: its place in the run.
        user: which of the users submits it.
        queue: its queue.
        payload: its payload.
        at: when it is submitted, 0-1 of the time in which jobs are.
        delay_s: seconds that it is to wait, or None.
        cancel_after_s: seconds from its acceptance to its cancellation, or None.
        watched: whether a socket client follows it from its acceptance on.
        job_id: its id, once it is accepted.
        is_cancelled: whether somebody asked for its end.
    """

    number: int
    user: int
    queue: str
    payload: Mapping[str, Any]
    at: float
    delay_s: float | None
    cancel_after_s: float | None
    watched: bool
    job_id: str | None = field(default=None)
    is_cancelled: bool = field(default=False)


def draw_wishes(seed: int, count: int) -> list[Wish]:
    """Return ``count`` jobs in the order in which they are submitted."""
    chance = random.Random(seed)
    times = sorted(chance.random() for _ in range(count))
    return [_draw(chance, number, at) for number, at in enumerate(times)]


def _draw(chance: random.Random, number: int, at: float) -> Wish:
    (queue,) = chance.choices(list(_SHARES), list(_SHARES.values()))
    cancelled = _CANCELLED_WHILE_SLOW if queue == SLOW else _CANCELLED
    return Wish(
        number=number,
        user=chance.randrange(USERS),
        queue=queue,
        payload=_payload(chance, queue, number),
        at=at,
        delay_s=round(chance.uniform(0.5, 8), 2) if chance.random() < _DELAYED else None,
        cancel_after_s=round(chance.uniform(0, 1.5), 2) if chance.random() < cancelled else None,
        watched=chance.random() < _WATCHED,
    )


def _payload(chance: random.Random, queue: str, number: int) -> dict[str, Any]:
    payloads: dict[str, dict[str, Any]] = {
        QUICK: {"number": number},
        FLAKY: {"failures": chance.randint(1, 3)},
        DEAD: {"how": chance.choice(("permanent", "exhausted"))},
        STEPS: {"steps": chance.randint(2, 4)},
        PAID: {"units": chance.randint(1, 3), "short": chance.random() < 0.3},
        SLOW: {"seconds": round(chance.uniform(0.5, 5), 1)},
        PARENT: {"children": chance.randint(1, 4)},
    }
    return payloads[queue]
