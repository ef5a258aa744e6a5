"""Events as a client sees them, and their order: by ``seq``, each once, without a gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Event", "EventOrder"]

_ENDS: Final = ("complete", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one job; ``data`` is its payload with the wire's names."""

    name: str
    seq: int
    data: Mapping[str, Any]

    @property
    def terminal(self) -> bool:
        """Whether it is the job's last event (contract §5: a cancelled job ends with ``job:failed``, too)."""
        if self.name == "job:failed":
            return not self.data.get("retriesLeft")
        return self.name == "job:complete"


class EventOrder:
    """Puts events that may come twice, late or out of order into their order.

    Args:
        after: the last ``seq`` that is known already.
    """

    def __init__(self, after: int = 0) -> None:
        self.last = after
        self._early: dict[int, Event] = {}

    @property
    def waits(self) -> bool:
        """Whether an event arrived whose predecessor is missing."""
        return bool(self._early)

    def add(self, event: Event) -> list[Event]:
        """Take an event in; returns those whose turn it is now."""
        if event.seq > self.last:
            self._early[event.seq] = event
        due = []
        while self.last + 1 in self._early:
            self.last += 1
            due.append(self._early.pop(self.last))
        return due

    def skip(self) -> list[Event]:
        """Give up waiting for what is missing (the host keeps old events for a time only); returns the rest."""
        due = [self._early[seq] for seq in sorted(self._early)]
        self._early.clear()
        self.last = due[-1].seq if due else self.last
        return due


def is_terminal(status: str) -> bool:
    """Tell whether a job of this status never changes again."""
    return status in _ENDS
