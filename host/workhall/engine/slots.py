"""What a worker process has room for, queue by queue."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Slots"]


class Slots:
    """Counts what runs and what is being claimed; remembers which queues were found empty."""

    def __init__(self, concurrency: Mapping[str, int]) -> None:
        self._limit = dict(concurrency)
        self._taken = dict.fromkeys(concurrency, 0)
        self._asking: set[str] = set(concurrency)

    def ask_all(self) -> None:
        """Every queue is worth asking again."""
        self._asking.update(self._limit)

    def ask(self, queue: str) -> None:
        """``queue`` is worth asking again."""
        if queue in self._limit:
            self._asking.add(queue)

    def leave(self, queue: str) -> bool:
        """Ask ``queue`` no more; tells whether it was served until now."""
        self._asking.discard(queue)
        return self._limit.pop(queue, None) is not None

    def take_wanted(self) -> dict[str, int]:
        """Return the free slots of the queues worth asking, and count them as taken.

        The queues count as asked from now on: a wake token that overtakes the claim's answer makes them worth asking
        again, and the answer must not undo that.
        """
        wanted = {
            queue: free
            for queue in self._limit
            if queue in self._asking and (free := self._limit[queue] - self._taken[queue]) > 0
        }
        for queue, free in wanted.items():
            self._taken[queue] += free
            self._asking.discard(queue)
        return wanted

    def settle(self, wanted: Mapping[str, int], got: Mapping[str, int]) -> None:
        """A claim came back: give the slots back that it did not fill; a queue that filled all may have more."""
        for queue, count in wanted.items():
            short = count - got.get(queue, 0)
            self._taken[queue] -= short
            if not short:
                self.ask(queue)

    def give_back(self, wanted: Mapping[str, int]) -> None:
        """A claim failed: its slots are free again, and its queues still worth asking."""
        for queue, count in wanted.items():
            self._taken[queue] -= count
            self.ask(queue)

    def release(self, queue: str) -> None:
        """A job ended."""
        self._taken[queue] -= 1
