"""Faults at random: processes killed and frozen, servers killed, emptied and restarted."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, NamedTuple

import psutil
from redis.asyncio import Redis
from redis.exceptions import RedisError

from chaos.host import Host
from chaos.postgres import Postgres

__all__ = ["Faults", "WorkerKill"]

# How many cards of each fault are in the deck; every deck is played to its end before the next one is shuffled.
_DECK: Final = {
    "kill a worker": 4,
    "kill a worker and wait": 2,
    "freeze a worker": 2,
    "kill an api process": 2,
    "freeze an api process": 1,
    "kill Valkey": 1,
    "restart Valkey": 1,
    "freeze Valkey": 1,
    "empty Valkey": 2,
    "crash PostgreSQL": 2,
    "kill the supervisor": 1,
    "freeze the supervisor": 1,
}
_FREEZES_S: Final = {"worker": (0.5, 10.0), "api": (0.5, 4.0), "supervisor": (0.5, 3.0), "valkey": (0.5, 8.0)}
_POSTGRES_AWAY_S: Final = (0.1, 3.0)


class WorkerKill(NamedTuple):
    """A worker process that was killed, and when (epoch ms)."""

    pid: int
    at_ms: int


class Faults:
    """Plays faults.

    Args:
        host: what they are played on.
        postgres: its database server, where there is one.
        seed: what they are drawn from.
        gap_s: seconds between two, from and to.
        wait_s: seconds without a fault after a worker was killed, to see how long its jobs stand still; 0: never so.
    """

    def __init__(
        self, host: Host, postgres: Postgres | None, seed: int, gap_s: tuple[float, float], wait_s: float
    ) -> None:
        self.played: Counter[str] = Counter()
        self.kills: list[WorkerKill] = []
        self.kills_alone: list[WorkerKill] = []
        self._host, self._postgres, self._gap_s, self._wait_s = host, postgres, gap_s, wait_s
        self._chance = random.Random(f"faults {seed}")
        self._log = host.data.parent / "faults.log"
        self._frozen: dict[int, asyncio.Task[None]] = {}
        self._deck: list[str] = []
        self._actions: dict[str, Callable[[], Awaitable[bool]]] = {
            "kill a worker": self._kill_worker,
            "kill a worker and wait": self._kill_worker_alone,
            "freeze a worker": lambda: self._freeze("worker", self._one_of("worker")),
            "kill an api process": lambda: self._signal(self._one_of("api"), signal.SIGKILL),
            "freeze an api process": lambda: self._freeze("api", self._one_of("api")),
            "kill Valkey": lambda: self._signal(self._valkey_server(), signal.SIGKILL),
            "restart Valkey": lambda: self._signal(self._valkey_server(), signal.SIGTERM),
            "freeze Valkey": lambda: self._freeze("valkey", self._valkey_server()),
            "empty Valkey": self._empty_valkey,
            "crash PostgreSQL": self._crash_postgres,
            "kill the supervisor": lambda: self._signal(self._host.supervisor, signal.SIGKILL),
            "freeze the supervisor": lambda: self._freeze("supervisor", self._host.supervisor),
        }

    async def play(self, seconds: float) -> None:
        """Play faults for ``seconds``, then let everything go on that still stands."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while True:
                        await asyncio.sleep(self._chance.uniform(*self._gap_s))
                        await self._play_one()
        finally:
            await self._make_good()

    async def _play_one(self) -> None:
        name, at = self._draw(), datetime.now(UTC)
        if await self._actions[name]():
            self.played[name] += 1
            with self._log.open("a") as log:
                log.write(f"{at:%H:%M:%S.%f} {name}\n")
        else:  # what it is played on is down: later
            self._deck.insert(self._chance.randint(0, len(self._deck)), name)

    def _draw(self) -> str:
        if not self._deck:
            left_out = {"crash PostgreSQL": not self._postgres, "kill a worker and wait": self._wait_s == 0}
            self._deck = [name for name, count in _DECK.items() for _ in range(count) if not left_out.get(name)]
            self._chance.shuffle(self._deck)
        return self._deck.pop()

    def _one_of(self, role: str) -> int | None:
        pids = self._host.pids(role)
        return self._chance.choice(pids) if pids else None

    async def _kill_worker(self) -> bool:
        pid = self._one_of("worker")
        at_ms = time.time_ns() // 1_000_000
        if pid is None or not await self._signal(pid, signal.SIGKILL):
            return False
        self.kills.append(WorkerKill(pid, at_ms))
        return True

    async def _kill_worker_alone(self) -> bool:
        await asyncio.gather(*self._frozen.values())
        await self._host.wait_until_up()
        await asyncio.sleep(self._wait_s / 2)
        is_done = await self._kill_worker()
        if is_done:
            self.kills_alone.append(self.kills[-1])
        await asyncio.sleep(self._wait_s)
        return is_done

    async def _signal(self, pid: int | None, number: signal.Signals) -> bool:
        if pid is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, number)
            return True
        return False

    async def _freeze(self, role: str, pid: int | None) -> bool:
        if pid is None or pid in self._frozen or not await self._signal(pid, signal.SIGSTOP):
            return False
        self._frozen[pid] = asyncio.create_task(self._thaw(pid, self._chance.uniform(*_FREEZES_S[role])))
        return True

    async def _thaw(self, pid: int, after_s: float) -> None:
        try:
            await asyncio.sleep(after_s)
        finally:
            await self._signal(pid, signal.SIGCONT)
            self._frozen.pop(pid, None)

    def _valkey_server(self) -> int | None:
        """The server itself; what the supervisor knows is its guard."""
        with suppress(psutil.Error):
            for guard in self._host.pids("valkey"):
                for child in psutil.Process(guard).children():
                    if "valkey-server" in child.name() or "valkey-server" in " ".join(child.cmdline()[:1]):
                        return int(child.pid)
        return None

    async def _empty_valkey(self) -> bool:
        run = self._host.running()
        if run is None:
            return False
        with suppress(RedisError, OSError):
            async with Redis.from_url(run.redis_url, socket_timeout=2) as redis:
                await redis.flushall()
                return True
        return False

    async def _crash_postgres(self) -> bool:
        if self._postgres is None:
            return False
        await self._postgres.crash()
        await asyncio.sleep(self._chance.uniform(*_POSTGRES_AWAY_S))
        await self._postgres.start()
        return True

    async def _make_good(self) -> None:
        for pid, task in [*self._frozen.items()]:
            task.cancel()
            await self._signal(pid, signal.SIGCONT)  # a task that had not begun does not do so
        await asyncio.gather(*self._frozen.values(), return_exceptions=True)
        if self._postgres is not None:
            await self._postgres.start()
