"""Why a worker process died, and who is charged: read from its flight file and its return code."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from workhall.supervisor.errors import describe_exit

if TYPE_CHECKING:
    from workhall.engine.flight_file import FlightRecord, Suspect
    from workhall.settings import Settings

__all__ = ["Finding", "PostMortem", "find_cause", "find_suspects", "tidy"]

_WITHIN_S: Final = 10.0
_KEPT_STACKS: Final = 20
# Signals by which somebody else ends a process.
_FROM_OUTSIDE: Final = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
_GIL_HELD: Final = "Timeout ("  # what `faulthandler.dump_traceback_later` writes first
_CRASHED_THREAD: Final = re.compile(r"^Current thread 0x([0-9a-f]+)", re.MULTILINE)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a worker's death means for those that live.

    Args:
        isolate: queues that run in a process of their own from now on.
        unclear: several attempts may have done it, so nobody was charged.
    """

    isolate: frozenset[str] = frozenset()
    unclear: bool = False


class PostMortem:
    """Looks into deaths of the workers of one system."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def examine(self, redis_url: str, pid: int, code: int) -> Finding:
        """Charge the culprit of a dead worker, isolate its queue and have its neighbours rescued at once.

        Never raises: what cannot be done now the lease's end does, uncharged.
        """
        from workhall.engine.death import announce_death
        from workhall.engine.flight_file import read_flight

        folder = self._settings.data_dir / "flight"
        record = await asyncio.to_thread(read_flight, folder, pid)
        if record is None:
            return Finding()
        finding = Finding()
        try:
            async with asyncio.timeout(_WITHIN_S):
                finding = await self._judge(record, code)
        except Exception as error:  # noqa: BLE001 - the system goes on, whatever a dead worker left behind
            _log.error("the death of a worker could not be looked into", worker=record.worker_id, reason=str(error))
        await announce_death(redis_url, record.worker_id, finding.isolate)
        _clear(folder, record.worker_id)
        return finding

    async def _judge(self, record: FlightRecord, code: int) -> Finding:
        from workhall.jobs.ids import queue_of

        cause, suspects = find_cause(record, code), find_suspects(record)
        if cause and not suspects and code < 0:  # a thread that nobody knows: of a handler's own, or of a library
            suspects = await self._all_under_way(record.worker_id)
        if not cause or not suspects:
            return Finding()
        names = ", ".join(sorted(suspect.job_id for suspect in suspects))
        _log.error("a job ended its worker", worker=record.worker_id, cause=cause, jobs=names)
        finding = Finding(frozenset(queue_of(suspect.job_id) for suspect in suspects), unclear=len(suspects) > 1)
        await self._record(record, cause, suspects, finding.isolate)
        return finding

    async def _all_under_way(self, worker_id: str) -> list[Suspect]:
        from workhall.engine.flight_file import Suspect
        from workhall.jobs.store import open_database
        from workhall.jobs.store.deaths import read_under_way

        database = open_database(self._settings.database)
        try:
            rows = await database.read(lambda connection: read_under_way(connection, worker_id))
        finally:
            await database.close()
        return [Suspect(*row) for row in rows]

    async def _record(
        self, record: FlightRecord, cause: str, suspects: Iterable[Suspect], isolate: Iterable[str]
    ) -> None:
        from workhall.jobs.ids import now_ms, queue_of
        from workhall.jobs.store import open_database
        from workhall.jobs.store.deaths import Death, charge_death
        from workhall.jobs.store.queues import isolate_queues
        from workhall.sdk import Backoff

        first, *others = suspects
        backoff = Backoff.model_validate(record.backoffs[queue_of(first.job_id)])
        death = Death(first.job_id, first.claim_no, record.worker_id, cause, backoff, record.stacks, now_ms())
        database = open_database(self._settings.database)
        try:
            await database.write(lambda connection: isolate_queues(connection, isolate))
            if not others:
                await database.write(lambda connection: charge_death(connection, death))
        finally:
            await database.close()


def find_cause(record: FlightRecord, code: int) -> str:
    """Return in a few words what a job did to its worker; empty where somebody else ended it."""
    if record.verdict:
        return record.verdict
    if record.stacks.startswith(_GIL_HELD):
        return "GIL held"
    if code < 0 and -code in _FROM_OUTSIDE:
        return ""
    return describe_exit(code).removeprefix("killed by ")


def find_suspects(record: FlightRecord) -> list[Suspect]:
    """Return the attempts that may have done it: one where that is clear, none where it was none of those known."""
    if record.verdict:
        return list(record.accused)
    found: Iterable[Suspect] = record.executing
    if crashed := _CRASHED_THREAD.search(record.stacks):
        thread = int(crashed[1], 16)
        found = (suspect for suspect in record.executing if suspect.thread == thread)
    return list({(suspect.job_id, suspect.claim_no): suspect for suspect in found}.values())


def tidy(folder: Path) -> None:
    """Remove what workers of an earlier run left that ended without anybody to ask why."""
    for path in folder.glob("*.queues"):
        pid = path.stem.rsplit("-", 2)[-2]
        if pid.isdecimal() and not _lives(int(pid)):
            _clear(folder, path.stem)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _clear(folder: Path, worker_id: str) -> None:
    """Remove the flight file; of the stacks the newest stay."""
    for name in (worker_id, f"{worker_id}.queues"):
        with suppress(OSError):
            (folder / name).unlink()
    with suppress(OSError):
        for old in sorted(folder.glob("*.stacks"), key=lambda path: path.stat().st_mtime)[:-_KEPT_STACKS]:
            old.unlink()
