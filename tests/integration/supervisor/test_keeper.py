"""Restarts and ends of one supervised process, with small real processes."""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial

import pytest
from workhall.supervisor.errors import StartError
from workhall.supervisor.keeper import Keeper, RestartWaits
from workhall.supervisor.process import ChildCommand, launch_child

READY = "import os; os.write(int(os.environ['WORKHALL_READY_FD']), b'ready'); "
WAIT = READY + "import signal; signal.pause()"


class RecordedWaits(RestartWaits):
    """Real waits, a hundredth as long, written down."""

    def __init__(self, until: int) -> None:
        super().__init__()
        self.taken, self._until, self.enough = [], until, asyncio.Event()

    def after(self, lived_s: float) -> float:
        self.taken.append(super().after(lived_s))
        if len(self.taken) == self._until:
            self.enough.set()
        return self.taken[-1] / 100


@pytest.fixture
def command():
    ours, theirs = os.pipe()

    def make(code: str, **more) -> ChildCommand:
        argv = (sys.executable, "-c", code)
        return ChildCommand("worker 1", argv, dict(os.environ), supervisor_fd=ours, **more)

    yield make
    os.close(ours)
    os.close(theirs)


async def test_a_dying_child_is_restarted_with_growing_waits(command):
    waits = RecordedWaits(until=7)
    keeper = Keeper("worker 1", partial(launch_child, command(READY)), waits=waits)
    await keeper.start()
    async with asyncio.timeout(30):
        await waits.enough.wait()
    await keeper.stop(1)
    assert waits.taken[:7] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert keeper.pid is None


async def test_a_child_that_does_not_come_up_again_is_tried_again(command, tmp_path):
    flag = tmp_path / "flag"
    code = f"import os, sys; sys.exit(1) if os.path.exists({str(flag)!r}) else open({str(flag)!r}, 'x'); {READY}"
    waits = RecordedWaits(until=3)
    keeper = Keeper("worker 1", partial(launch_child, command(code)), waits=waits)
    await keeper.start()
    async with asyncio.timeout(30):
        await waits.enough.wait()
    await keeper.stop(1)
    assert waits.taken == [0.2, 0.4, 0.8]


async def test_stop_kills_the_whole_group_of_a_child_that_does_not_end(command):
    code = (
        "import signal, subprocess, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']); {WAIT}"
    )
    keeper = Keeper("worker 1", partial(launch_child, command(code)))
    await keeper.start()
    group = keeper.pid
    await keeper.stop(0.05)
    with pytest.raises(ProcessLookupError):
        await until_gone(group)


async def until_gone(group: int) -> None:
    """Raise ProcessLookupError when the group is empty (init reaps an orphan a moment after its death)."""
    async with asyncio.timeout(10):
        while True:
            os.killpg(group, 0)
            await asyncio.sleep(0.01)


async def test_hurry_cuts_the_grace_time_short(command):
    code = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAIT}"
    keeper = Keeper("worker 1", partial(launch_child, command(code)))
    await keeper.start()
    hurry = asyncio.Event()
    hurry.set()
    async with asyncio.timeout(10):
        await keeper.stop(3600, hurry)


async def test_a_child_that_is_not_ready_in_time_is_killed(command):
    with pytest.raises(StartError, match=r"The worker 1 was not ready within 0.1 s"):
        await launch_child(command("import signal; signal.pause()", ready_within_s=0.1))


async def test_a_program_that_is_not_there_is_said(command):
    with pytest.raises(StartError, match="could not be started"):
        await launch_child(ChildCommand("api 1", ("/nowhere/at/all",), {}, supervisor_fd=command("").supervisor_fd))
