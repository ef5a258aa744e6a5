"""One soak from start to verdict."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from workhall.jobs.store.database import DatabaseAway

from chaos.callers import Callers
from chaos.effects import read_effects
from chaos.faults import Faults
from chaos.host import Host, HostDown
from chaos.postgres import Postgres, postgres_server
from chaos.report import Report, make_report
from chaos.rows import Rows, count_live, read_rows
from chaos.sockets import SocketLog
from chaos.verdict import Evidence
from chaos.wishes import Wish, draw_wishes

__all__ = ["Options", "soak"]

_SUBMIT_SHARE: Final = 0.85  # of the time with faults; the rest is for what is under way
_LOOK_EVERY_S: Final = 0.5
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What to run.

    Args:
        jobs: how many are submitted; their children come on top.
        seconds: how long faults are played.
        seed: what jobs and faults are drawn from.
        database: kind of the database.
        api: number of api processes.
        workers: number of worker processes.
        gap_s: seconds between two faults, from and to.
        wait_s: seconds without another fault after some kills of workers; 0: there are none.
        settle_s: seconds that every accepted job has to end once the faults are over.
        reread: how many jobs are read again by a socket client at the end.
    """

    jobs: int
    seconds: float
    seed: int
    database: Literal["sqlite", "postgresql"] = "sqlite"
    api: int = 2
    workers: int = 2
    gap_s: tuple[float, float] = (0.5, 3.0)
    wait_s: float = 12.0
    settle_s: float = 120.0
    reread: int = 1000


async def soak(options: Options, folder: Path, tell: Tell) -> Report:
    """Run a soak whose files go to ``folder``, an existing one.

    Raises:
        HostDown: the system did not come up.
    """
    async with _database(options, folder) as (url, postgres):
        host = Host(folder / "data", url, api=options.api, workers=options.workers)
        await host.start()
        try:
            report = await _Soak(options, host, postgres, tell).run()
        finally:
            await host.destroy()
        return report


class _Soak:
    """The steps, over what they share."""

    def __init__(self, options: Options, host: Host, postgres: Postgres | None, tell: Tell) -> None:
        self._options, self._host, self._tell = options, host, tell
        self._wishes = draw_wishes(options.seed, options.jobs)
        self._faults = Faults(host, postgres, options.seed, options.gap_s, options.wait_s)
        self._sockets = SocketLog(host.url)
        self._watches: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> Report:
        """Play, settle, look."""
        async with Callers(self._host.url, self._host.data) as callers:
            await callers.grant()
            await self._play(callers)
            live = await self._settle()
            rows = await read_rows(self._host.database_url)
            await self._host.wait_until_up()
            await self._read_again(callers, rows)
        evidence = Evidence(
            self._wishes, rows, read_effects(self._host.effects), self._sockets, callers.user_ids, callers.refused
        )
        self._tell(f"the faults are over; {live} jobs had not ended in time; up came up {self._host.starts} times")
        return make_report(evidence, self._faults, {"left behind": await self._end()})

    async def _play(self, callers: Callers) -> None:
        options = self._options
        submitting = asyncio.create_task(
            callers.submit_all(
                self._wishes, options.seed, options.seconds * _SUBMIT_SHARE, lambda wish: self._watch(wish, callers)
            )
        )
        self._tell(f"{options.jobs} jobs and faults for {options.seconds:g} s, seed {options.seed}")
        try:
            await self._faults.play(options.seconds)
            await self._host.wait_until_up()
            with suppress(TimeoutError):
                await asyncio.wait_for(submitting, options.settle_s)
        finally:
            submitting.cancel()
            await asyncio.wait({submitting})

    def _watch(self, wish: Wish, callers: Callers) -> None:
        if wish.watched and wish.job_id is not None:
            token = callers.tokens[wish.user]
            self._watches[wish.job_id] = asyncio.create_task(self._sockets.follow(wish.job_id, token))

    async def _settle(self) -> int:
        """Wait until every job has ended and every watcher has heard so; returns how many jobs had not."""
        live = -1
        until = asyncio.get_running_loop().time() + self._options.settle_s
        while live and asyncio.get_running_loop().time() < until:
            with suppress(DatabaseAway):
                live = await count_live(self._host.database_url)
            await asyncio.sleep(_LOOK_EVERY_S)
        if self._watches:
            await asyncio.wait(self._watches.values(), timeout=self._options.settle_s / 4)
        for job_id, task in self._watches.items():
            if not task.done():
                task.cancel()
                self._sockets.faults.setdefault(job_id, "its socket never saw its end")
        await asyncio.gather(*self._watches.values(), return_exceptions=True)
        return live

    async def _read_again(self, callers: Callers, rows: Rows) -> None:
        owned = {job_id: row for job_id, row in rows.jobs.items() if row["completed_at"]}
        chosen = sorted(owned)
        random.Random(self._options.seed).shuffle(chosen)
        chosen = chosen[: self._options.reread]
        by_user = dict(zip(callers.user_ids, callers.tokens, strict=True))
        tokens = {job_id: by_user[owned[job_id]["user_id"]] for job_id in chosen}
        await self._sockets.read_again(
            {job_id: owned[job_id]["last_seq"] for job_id in chosen}, tokens, self._options.seed
        )

    async def _end(self) -> dict[str, str]:
        """SIGTERM; whatever is left is an offender."""
        try:
            code = await self._host.stop()
        except HostDown as error:
            return {"up": str(error)}
        left = {f"process {pid}": "still runs after the end of up" for pid in self._host.left()}
        return {**left, **({"up": f"ended with exit code {code}"} if code else {})}


@asynccontextmanager
async def _database(options: Options, folder: Path) -> AsyncIterator[tuple[str, Postgres | None]]:
    if options.database == "postgresql":
        async with postgres_server() as postgres:
            yield postgres.url, postgres
    else:
        yield f"sqlite:///{folder / 'data' / 'workhall.db'}", None
