"""The course of a logo job as a socket's client sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Protocol

from .people import LOGOS, Caller

Events = list[tuple[str, dict[str, Any]]]


class SocketClient(Protocol):
    """The stock Python client and the stock JavaScript client, driven the same way."""

    events: Events

    async def connect(self, url: str, token: str | None) -> Any: ...
    async def ask(self, event: str, data: Any) -> Any: ...
    async def until(self, happened: Any) -> None: ...
    async def close(self) -> None: ...


@dataclass
class Course:
    """A job that was followed to its end."""

    accepted: dict[str, Any]
    events: Events = field(default_factory=list)

    @property
    def job_id(self) -> str:
        return str(self.accepted["jobId"])

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
    def logos(self) -> list[dict[str, Any]]:
        logos: list[dict[str, Any]] = self.events[-1][1]["result"]["logos"]
        return logos


async def begin(client: SocketClient, user: Caller, body: dict[str, Any]) -> Course:
    """Submit a logo job and join it, from its first event on."""
    await client.connect(user.host.url, user.token)
    accepted = user.post(LOGOS, body, 202)
    ack = await client.ask("job:join", {"jobId": accepted["jobId"], "after": 0})
    assert ack == {"ok": True}
    return Course(accepted, client.events)


async def until_end(client: SocketClient) -> None:
    """Wait for the job's last event; silence for longer than the client's patience fails."""
    while not has_ended(client.events):
        seen = len(client.events)
        await client.until(lambda seen=seen: len(client.events) > seen)


def has_ended(events: Events) -> bool:
    """Whether the last event is a terminal one (contract §5)."""
    if not events:
        return False
    name, data = events[-1]
    return name == "job:complete" or (name == "job:failed" and data["retriesLeft"] == 0)
