"""The system as its users have it: commands in processes of their own, and what they leave behind."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

PROGRAM = Path(sys.executable).with_name("workhall")
READY_WITHIN_S = 60
ENDS_WITHIN_S = 45
# What the surroundings of a test run may hold, and a newcomer's machine does not (contract §7).
_OUTSIDE = ("WORKHALL", "REDIS", "DATABASE", "STORAGE", "PUBLIC", "CORS", "SUPABASE", "AWS", "PORT")


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def environment(**more: str) -> dict[str, str]:
    """What a newcomer's shell holds; compiled modules are kept, as everywhere outside of a test run."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OUTSIDE)}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, **more}


def workhall(*arguments: str, data: Path, stdin: str = "", **env: str) -> Ended:
    """Run a command to its end, in a folder without a ``.env`` file; nothing that it started may outlive it."""
    process = subprocess.Popen(
        [PROGRAM, *arguments, "--data", data],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=data.parent,
        env=environment(**env),
        start_new_session=True,
    )
    try:
        out, err = process.communicate(stdin, timeout=READY_WITHIN_S + ENDS_WITHIN_S)
        assert not session(process.pid), session(process.pid)
    finally:
        _kill(process)
    return Ended(process.returncode, out, err)


def session(leader: int) -> dict[int, str]:
    """The command lines of what runs in a process session, by process id."""
    found = {}
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found[process.pid] = " ".join(process.cmdline())
        except (psutil.Error, ProcessLookupError):
            continue  # it ended while we looked
    return found


class Host:
    """A running ``workhall up --port 0`` on one data folder, in a process session of its own."""

    def __init__(self, data: Path, *options: str, **env: str) -> None:
        self.data, self.env = data, env
        self._options = options
        self.url = ""
        self.started_in_s = 0.0
        self.process: subprocess.Popen[str]

    def start(self) -> Host:
        """Start it and wait for its ready line."""
        began = time.monotonic()
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "up", "--port", "0", "--data", self.data, *self._options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=self.data.parent,
                env=environment(**self.env),
                start_new_session=True,
            )
        line = self._first_line()
        if not line.startswith("ready http://"):
            _kill(self.process)
            raise AssertionError(f"{line!r} instead of the ready line; the log:\n{self.log}")
        self.started_in_s = time.monotonic() - began
        self.url = line.removeprefix("ready ")
        return self

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Wait for the end of ``up``; its stdout had nothing but the ready line."""
        assert self.process.stdout is not None
        with self.process.stdout:
            code = self.process.wait(ENDS_WITHIN_S)
            assert self.left() or self.process.stdout.read() == ""
        return code

    def destroy(self) -> None:
        """Leave nothing behind, whatever a test did."""
        _kill(self.process)

    def left(self) -> dict[int, str]:
        """What still runs of it."""
        return session(self.process.pid)

    def workers(self) -> set[int]:
        """The ids of its worker processes, recognised as contract §3 says."""
        return {pid for pid, command in self.left().items() if "workhall worker" in command}

    def command(self, *arguments: str, stdin: str = "") -> Ended:
        """Run a command on the same data folder."""
        return workhall(*arguments, data=self.data, stdin=stdin, **self.env)

    def token(self, *options: str) -> str:
        """Mint a token."""
        ended = self.command("token", *options)
        assert (ended.code, ended.err, len(ended.lines)) == (0, "", 1), ended
        return ended.lines[0]

    @property
    def log_file(self) -> Path:
        return self.data.with_suffix(".log")

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8")

    @property
    def running(self) -> dict[str, Any]:
        """Where other commands find it."""
        found: dict[str, Any] = json.loads((self.data / "run.json").read_text(encoding="utf-8"))
        return found

    def _first_line(self) -> str:
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], READY_WITHIN_S)
        return self.process.stdout.readline().strip() if readable else "nothing"


def _kill(process: subprocess.Popen[str]) -> None:
    """End a session by force; what ended by itself is fine."""
    for pid in session(process.pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
