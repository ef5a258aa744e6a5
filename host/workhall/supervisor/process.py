"""Start one api or worker process: inherited descriptors, resolved environment, a pipe on which it reports ready."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping
from dataclasses import dataclass

from workhall.supervisor.child import HELD_FDS, LISTEN_FD, READY_FD, SUPERVISOR_FD
from workhall.supervisor.errors import StartError, describe_exit
from workhall.supervisor.keeper import kill_group

__all__ = ["ChildCommand", "launch_child"]


@dataclass(frozen=True, slots=True)
class ChildCommand:
    """How a child is started.

    Args:
        name: what logs and sentences call it, e.g. ``worker 1``.
        argv: program and arguments.
        env: its whole environment, the inherited descriptors excepted.
        supervisor_fd: read end of the pipe whose only writer is the supervisor.
        held_fds: descriptors that it holds open and does not use.
        listen_fd: the listening socket, for an api process.
        ready_within_s: seconds until it must be ready.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    supervisor_fd: int
    held_fds: tuple[int, ...] = ()
    listen_fd: int | None = None
    ready_within_s: float = 60.0


async def launch_child(command: ChildCommand) -> Process:
    """Start the child and return when it says ready.

    It stays in the session but leads a process group of its own, so that a Ctrl-C in the terminal reaches the
    supervisor alone, which drains the parts in order.

    Raises:
        StartError: it ended, or was not ready in time; nothing of it is left.
    """
    ready_fd, report_fd = os.pipe()
    try:
        try:
            process = await _spawn(command, report_fd)
        finally:
            os.close(report_fd)
        try:
            await _wait_until_ready(command, process, ready_fd)
        except BaseException:
            kill_group(process.pid)
            await process.wait()
            raise
    finally:
        os.close(ready_fd)
    return process


async def _spawn(command: ChildCommand, report_fd: int) -> Process:
    env = {
        **command.env,
        SUPERVISOR_FD: str(command.supervisor_fd),
        READY_FD: str(report_fd),
        HELD_FDS: ",".join(map(str, command.held_fds)),
    }
    inherited = [command.supervisor_fd, report_fd, *command.held_fds]
    if command.listen_fd is not None:
        env[LISTEN_FD] = str(command.listen_fd)
        inherited.append(command.listen_fd)
    try:
        return await asyncio.create_subprocess_exec(
            *command.argv,
            stdin=DEVNULL,
            stdout=sys.stderr,  # stdout is kept for the one ready line
            env=env,
            pass_fds=inherited,
            process_group=0,
        )
    except OSError as error:
        raise StartError(f"The {command.name} could not be started ({error.strerror}).") from None


async def _wait_until_ready(command: ChildCommand, process: Process, ready_fd: int) -> None:
    try:
        async with asyncio.timeout(command.ready_within_s):
            if await _readable(ready_fd):
                return
            code = await process.wait()
    except TimeoutError:
        raise StartError(f"The {command.name} was not ready within {command.ready_within_s:g} s.") from None
    raise StartError(f"The {command.name} ended before it was ready ({describe_exit(code)}); its last line says why.")


async def _readable(descriptor: int) -> bool:
    loop = asyncio.get_running_loop()
    arrived = asyncio.Event()
    loop.add_reader(descriptor, arrived.set)
    try:
        await arrived.wait()
    finally:
        loop.remove_reader(descriptor)
    return bool(os.read(descriptor, 64))
