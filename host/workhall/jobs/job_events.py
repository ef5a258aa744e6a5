"""The events of a job's transitions, as the JSON text that is stored and sent.

Built by hand in the catalogue's shape (a test holds each against its model): making a pydantic model only to dump it
again would cost more than the rest of a transition.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import orjson

from workhall.jobs.messages import Event

__all__ = ["CANCELLED", "JobEvents"]

CANCELLED: Final = "The job was cancelled"


class JobEvents(NamedTuple):
    """Makes the events of one attempt of one job; ``attempt`` is 0 before the first."""

    job_id: str
    queue_name: str
    brand_id: str | None
    attempt: int = 0

    def queued(self, at_ms: int, *, run_at: int | None = None, message: str = "Waiting for a worker") -> Event:
        """Make the event of a job that was accepted, or goes back to its queue."""
        status = "scheduled" if run_at else "queued"
        return self.make("job:queued", at_ms, status=status, progress=0, message=message, runAt=run_at)

    def started(self, at_ms: int) -> Event:
        """Make the event of an attempt that begins."""
        return self.make("job:started", at_ms, status="processing", progress=0, message="Started")

    def complete(self, at_ms: int, *, message: str, result: Any) -> Event:
        """Make the event of a good end; ``result`` is a JSON value or an `orjson.Fragment`."""
        return self.make("job:complete", at_ms, status="complete", progress=100, message=message, result=result)

    def failed(
        self, at_ms: int, *, error: str, retries_left: int, next_attempt_at: int | None, cancelled: bool = False
    ) -> Event:
        """Make the event of a failed attempt; ``next_attempt_at`` is in epoch ms."""
        return self.make(
            "job:failed",
            at_ms,
            error=error,
            retriesLeft=retries_left,
            nextAttemptAt=next_attempt_at,
            cancelled=cancelled,
        )

    def cancellation(self, at_ms: int, *, progress: int) -> list[Event]:
        """Make the two events of a cancelled job; the second one is for clients that know no other end."""
        return [
            self.make("job:cancelled", at_ms, status="cancelled", progress=progress, message=CANCELLED),
            self.failed(at_ms, error=CANCELLED, retries_left=0, next_attempt_at=None, cancelled=True),
        ]

    def make(self, name: str, at_ms: int, **fields: Any) -> Event:
        """Make any event: what every job event carries, and ``fields`` by their wire names."""
        data = {
            "jobId": self.job_id,
            "brandId": self.brand_id,
            "queueName": self.queue_name,
            "attempt": self.attempt,
            **fields,
            "timestamp": at_ms,
        }
        return Event(name, orjson.dumps(data).decode(), at_ms)
