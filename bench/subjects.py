"""The registry of what is measured.  A new subject is one entry in `SUBJECTS`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from bench.node import why_no_node_peers
from bench.protocol import Mode

BASELINE = "bullmq"
"""The subject whose figures are 1.00 in the table."""


def _always_available() -> str | None:
    return None


@dataclass(frozen=True)
class Subject:
    """One command line that speaks the protocol of `bench.protocol`.

    `command` is run from the repository's root with `Load.arguments` behind it.  `why_unavailable` prepares
    what the command needs and returns a sentence when it cannot run on this machine.  `modes` are those it
    has.
    """

    command: tuple[str, ...]
    modes: tuple[Mode, ...] = tuple(Mode)
    why_unavailable: Callable[[], str | None] = _always_available


def python_module(name: str) -> tuple[str, ...]:
    """The command that runs a module of this repository on this interpreter."""
    return (sys.executable, "-m", name)


SUBJECTS: dict[str, Subject] = {
    "bullmq": Subject(("node", "bench/peers/bullmq.mjs"), why_unavailable=why_no_node_peers),
    "saq": Subject(python_module("bench.peers.saq_worker")),
    "workhall-engine": Subject(python_module("bench.workhall_engine")),
    "workhall-sqlite": Subject(python_module("bench.workhall_sqlite")),
    "workhall-postgres": Subject(python_module("bench.workhall_postgres")),
}
