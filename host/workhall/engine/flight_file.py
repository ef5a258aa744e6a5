"""The flight file: which job's code a worker process executes at every instant, readable after any death.

A file of fixed records, mapped into the worker's memory: what was written stays in the file however the process ends.
In front is the verdict of the process's own watchdog; then come the record of the event loop's thread and those of
other threads. A record's first byte says whether the code executes now; the text behind stays when it has stopped.
"""

from __future__ import annotations

import json
import logging
import mmap
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

__all__ = [
    "LOOP",
    "RECORD_BYTES",
    "THREADS",
    "FlightFile",
    "FlightRecord",
    "Suspect",
    "read_flight",
    "record_of",
    "suspect_of",
]

FLIGHTS: Final = "flight"  # the folder of these files, in the data folder
RECORD_BYTES: Final = 160  # a job id has at most 101 characters
THREADS: Final = 62
LOOP: Final = 16_384  # where the loop's record begins, in bytes: what is before is the verdict's
_SIZE: Final = LOOP + (1 + THREADS) * RECORD_BYTES
_EXECUTING: Final = 1
_QUEUES: Final = ".queues"
_STACKS: Final = ".stacks"
_log = logging.getLogger("workhall.engine")


class Suspect(NamedTuple):
    """An attempt whose code was executing; ``thread`` is the thread's identifier (`threading.get_ident`)."""

    job_id: str
    claim_no: int
    thread: int = 0


@dataclass(frozen=True, slots=True)
class FlightRecord:
    """What a dead worker left.

    Attributes:
        worker_id: the worker.
        executing: attempts whose code was executing when it died.
        verdict: the words of its own watchdog, empty where that did not end it.
        accused: the attempts that the watchdog named.
        backoffs: by queue, the waits of its policy as JSON values.
        stacks: the stacks that it could still write.
    """

    worker_id: str
    executing: tuple[Suspect, ...]
    verdict: str
    accused: tuple[Suspect, ...]
    backoffs: Mapping[str, Any]
    stacks: str


class FlightFile:
    """The writer's side: ``DIR/flight/{worker_id}`` with ``.queues`` and ``.stacks`` beside it.

    Where the folder cannot be written the records go to plain memory: the worker works, nobody can read them.
    """

    def __init__(self, folder: Path, worker_id: str, backoffs: Mapping[str, Any]) -> None:
        self.path = folder / worker_id
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _beside(self.path, _QUEUES).write_text(json.dumps(dict(backoffs)), encoding="utf-8")
            self.path.write_bytes(bytes(_SIZE))
            with self.path.open("r+b") as file:
                self.records = mmap.mmap(file.fileno(), _SIZE)
        except OSError as error:
            _log.warning("%s cannot be written (%s): a death of this worker will have no culprit.", folder, error)
            self.records = mmap.mmap(-1, _SIZE)

    @property
    def stacks(self) -> Path:
        """Where the stacks go when the process is ended by force."""
        return _beside(self.path, _STACKS)

    def accuse(self, verdict: str, suspects: Iterable[Suspect]) -> None:
        """Write down why this process is about to end itself."""
        text = json.dumps([verdict, [tuple(one) for one in suspects]]).encode()
        if len(text) > LOOP:
            text = json.dumps([verdict, []]).encode()
        self.records[0:LOOP] = text.ljust(LOOP, b"\0")

    def remove(self) -> None:
        """Remove what an orderly end leaves nothing to say about."""
        for part in ("", _QUEUES, _STACKS):
            with suppress(OSError):
                _beside(self.path, part).unlink()


def record_of(suspect: Suspect) -> bytes:
    """Return the record that says that an attempt's code executes."""
    text = f"{suspect.claim_no} {suspect.thread:x} {suspect.job_id}".encode()
    return (bytes((_EXECUTING,)) + text).ljust(RECORD_BYTES, b"\0")[:RECORD_BYTES]


def read_flight(folder: Path, pid: int) -> FlightRecord | None:
    """Return what the process ``pid`` left in ``folder``; None where it ended in order, or never wrote."""
    for path in folder.glob(f"*-{pid}-*{_QUEUES}"):
        worker_id = path.name.removesuffix(_QUEUES)
        with suppress(OSError, ValueError):
            if worker_id.rsplit("-", 2)[1] == str(pid):
                return _read(folder / worker_id)
    return None


def _read(path: Path) -> FlightRecord:
    content = path.read_bytes()
    verdict, accused = json.loads(content[:LOOP].rstrip(b"\0") or '["", []]')
    executing = (suspect_of(content[at : at + RECORD_BYTES]) for at in range(LOOP, _SIZE, RECORD_BYTES))
    stacks = _beside(path, _STACKS)
    return FlightRecord(
        worker_id=path.name,
        executing=tuple(suspect for suspect in executing if suspect),
        verdict=verdict,
        accused=tuple(Suspect(*one) for one in accused),
        backoffs=json.loads(_beside(path, _QUEUES).read_text(encoding="utf-8")),
        stacks=stacks.read_text(encoding="utf-8", errors="replace") if stacks.exists() else "",
    )


def suspect_of(record: bytes) -> Suspect | None:
    """Return whose code executes by a record; None where none does."""
    if not record or record[0] != _EXECUTING:
        return None
    claim_no, thread, job_id = record[1:].rstrip(b"\0").decode("ascii", "replace").split(" ", 2)
    return Suspect(job_id, int(claim_no), int(thread, 16))


def _beside(path: Path, part: str) -> Path:
    return path.with_name(path.name + part)  # a host's name may have dots, so this is no suffix
