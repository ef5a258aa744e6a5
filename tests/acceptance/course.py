"""The course of a logo job as a socket's client sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

from .people import LOGOS, Caller

Events = list[tuple[str, dict[str, Any]]]


class SocketClient(Protocol):
    """The stock Python client and the stock JavaScript client, driven the same way."""

    events: Events

    async def connect(self, url: str, token: str | None) -> Any: ...
    async def ask(self, event: str, data: Any) -> Any: ...
    async def until(self, happened: Callable[[], bool]) -> None: ...
    async def close(self) -> None: ...


@dataclass
class Course:
    """A job that a client follows."""

    accepted: dict[str, Any]
    client: SocketClient

    @property
    def job_id(self) -> str:
        return str(self.accepted["jobId"])

    @property
    def events(self) -> Events:
        return [(name, data) for name, data in self.client.events if data["jobId"] == self.job_id]

    @property
    def seqs(self) -> list[int]:
        return [data["seq"] for _, data in self.events]

    @property
    def progress(self) -> list[dict[str, Any]]:
        return [data for name, data in self.events if name == "job:progress"]

    @property
    def stages(self) -> list[str]:
        return [stage for stage, _ in groupby(data["status"] for data in self.progress)]

    @property
    def attempt(self) -> int:
        """The number of the run that the last event is of."""
        return int(self.events[-1][1]["attempt"]) if self.events else 0

    @property
    def ended(self) -> bool:
        """Whether the last event is a terminal one (contract §5)."""
        if not self.events:
            return False
        name, data = self.events[-1]
        return name == "job:complete" or (name == "job:failed" and data["retriesLeft"] == 0)

    @property
    def logos(self) -> list[dict[str, Any]]:
        logos: list[dict[str, Any]] = self.events[-1][1]["result"]["logos"]
        return logos

    async def until_end(self) -> None:
        """Wait for the job's last event; silence for longer than the client's patience fails."""
        while not self.ended:
            seen = len(self.client.events)
            await self.client.until(lambda seen=seen: len(self.client.events) > seen)  # type: ignore[misc]


async def begin(client: SocketClient, user: Caller, body: dict[str, Any]) -> Course:
    """Submit a logo job and join it, from its first event on."""
    accepted = user.post(LOGOS, body, 202)
    ack = await client.ask("job:join", {"jobId": accepted["jobId"], "after": 0})
    assert ack == {"ok": True}
    return Course(accepted, client)
