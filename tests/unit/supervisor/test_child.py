"""The child's side of the pipes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys

import pytest
from workhall.supervisor.child import HELD_FDS, LISTEN_FD, READY_FD, SUPERVISOR_FD, ChildLink, inherited_socket

NEVER_S = 1e6  # the thread that would end this process, and pytest with it


@pytest.fixture
def pipes(monkeypatch):
    ends = [os.pipe(), os.pipe(), os.pipe()]
    (leash, _), (_, report), (_, held) = ends
    for variable, descriptor in ((SUPERVISOR_FD, leash), (READY_FD, report), (HELD_FDS, held)):
        os.set_inheritable(descriptor, True)
        monkeypatch.setenv(variable, str(descriptor))
    yield ends
    for pair in ends:
        for descriptor in pair:
            try:
                os.close(descriptor)
            except OSError:
                continue


async def test_end_of_the_supervisors_pipe_is_the_sign_to_stop(pipes):
    link = ChildLink.from_environment(exit_after_s=NEVER_S)
    assert link.supervised
    assert not link.stop.is_set()
    os.close(pipes[0][1])
    await asyncio.wait_for(link.stop.wait(), 10)


async def test_ready_is_reported_once(pipes):
    link = ChildLink.from_environment(exit_after_s=NEVER_S)
    link.ready()
    link.ready()
    assert os.read(pipes[1][0], 100) == b"ready\n"
    assert os.read(pipes[1][0], 100) == b""
    os.close(pipes[0][1])
    await link.stop.wait()


async def test_a_supervisor_that_is_gone_does_not_break_ready(pipes):
    link = ChildLink.from_environment(exit_after_s=NEVER_S)
    os.close(pipes[1][0])
    link.ready()
    os.close(pipes[0][1])
    await link.stop.wait()


async def test_grandchildren_inherit_nothing(pipes):
    link = ChildLink.from_environment(exit_after_s=NEVER_S)
    for descriptor in (pipes[0][0], pipes[1][1], pipes[2][1]):
        assert not os.get_inheritable(descriptor)
    assert not {SUPERVISOR_FD, READY_FD, HELD_FDS} & os.environ.keys()
    os.close(pipes[0][1])
    await link.stop.wait()


def test_a_process_that_cannot_drain_is_ended_by_force(pipes):
    code = (
        "import asyncio, sys, time\n"
        "from workhall.supervisor.child import ChildLink\n"
        "async def main():\n"
        "    ChildLink.from_environment(exit_after_s=0.1).ready()\n"
        "    time.sleep(3600)  # a handler that blocks the loop\n"
        "asyncio.run(main())\n"
    )
    (leash, ours), (_, report), (_, held) = pipes
    process = subprocess.Popen([sys.executable, "-c", code], pass_fds=[leash, report, held], stderr=subprocess.PIPE)
    os.close(report)
    assert os.read(pipes[1][0], 100) == b"ready\n"
    os.close(ours)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 70
    assert b"the supervisor is gone" in stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_without_a_supervisor_the_signals_count(number):
    link = ChildLink.from_environment()
    assert not link.supervised
    link.ready()
    os.kill(os.getpid(), number)
    await asyncio.wait_for(link.stop.wait(), 10)
    assert not link.hurry.is_set()


async def test_an_ignored_hangup_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        ChildLink.from_environment()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


async def test_a_second_interrupt_asks_to_hurry_but_not_an_echo_of_the_first(monkeypatch):
    link = ChildLink.from_environment()
    now = [100.0]
    monkeypatch.setattr(link._loop, "time", lambda: now[0])
    link._asked(interactive=True)
    now[0] += 0.5
    link._asked(interactive=True)
    assert not link.hurry.is_set()
    now[0] += 1
    link._asked()
    assert not link.hurry.is_set()
    link._asked(interactive=True)
    assert link.hurry.is_set()
    monkeypatch.undo()


def test_the_listening_socket_is_taken_over(monkeypatch):
    original = socket.create_server(("127.0.0.1", 0))
    address = original.getsockname()
    monkeypatch.setenv(LISTEN_FD, str(original.detach()))
    with inherited_socket() as taken:
        assert taken.getsockname() == address
    assert inherited_socket() is None
