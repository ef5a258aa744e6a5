"""`up` as a real process with a real Valkey; its api and worker processes are stand-ins."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from pathlib import Path

import httpx
import psutil
from redis.asyncio import Redis
from workhall.supervisor.runfile import read_run_file, read_running


async def test_says_ready_when_all_parts_are_and_drains_in_order(launcher, journal):
    up = await launcher.start()
    assert re.fullmatch(r"ready http://127\.0\.0\.1:\d+", up.ready)
    assert sorted(await journal.wait_for("ready", times=2)) == ["api 1 ready", "worker 1 ready"]
    running = read_running(up.data_dir)
    assert running.url == up.ready.removeprefix("ready ")
    assert set(running.pids) == {"supervisor", "valkey", "api 1", "worker 1"}
    assert {os.getsid(pid) for pid in running.pids.values()} == {up.process.pid}
    assert {line.split()[-1] for line in await journal.wait_for("started", times=2)} == {running.redis_url}
    assert (up.data_dir / "run.json").stat().st_mode & 0o777 == 0o600
    async with httpx.AsyncClient() as client:
        assert (await client.get(running.url)).text == "ok"

    code, stderr = await up.end()

    assert code == 0
    order = [stderr.index(f"{part} closed") for part in ("workers", "queues", "sockets", "Redis")]
    assert order == sorted(order)
    gone = [line for line in journal.lines if line.endswith("stopping")]
    assert gone[-1] == "api 1 stopping"
    assert read_run_file(up.data_dir) is None
    await launcher.all_gone(within_s=1)


async def test_a_killed_supervisor_takes_everything_with_it_children_first(launcher, journal):
    up = await launcher.start(STAND_IN_WORKER="lingers")
    redis_url = read_running(up.data_dir).redis_url
    up.process.kill()
    await journal.wait_for("stopping", times=2)
    async with Redis.from_url(redis_url) as redis:
        assert await redis.ping()  # the draining workers still have their server
    journal.connections["worker 1"].write(b"go\n")
    await launcher.all_gone()
    assert read_running(up.data_dir) is None  # though its file is still there
    assert read_run_file(up.data_dir) is not None


async def test_valkey_ends_when_every_holder_of_its_lifeline_is_killed(launcher, journal):
    up = await launcher.start()
    pids = read_running(up.data_dir).pids
    up.process.kill()
    for name, pid in pids.items():
        if name not in ("supervisor", "valkey"):
            os.kill(pid, signal.SIGKILL)
    await launcher.all_gone()


async def test_a_frozen_valkey_ends_too_when_its_supervisor_is_killed(launcher):
    """The kernel hangs up a process group that is orphaned while one of it is stopped; the guard must outlive that."""
    up = await launcher.start()
    guard = psutil.Process(read_running(up.data_dir).pids["valkey"])
    (server,) = [child for child in guard.children() if "valkey-server" in child.cmdline()[0]]
    server.suspend()
    up.process.kill()
    await launcher.all_gone()


async def test_a_killed_worker_is_started_again(launcher, journal):
    up = await launcher.start()
    before = read_running(up.data_dir).pids["worker 1"]
    os.kill(before, signal.SIGKILL)
    await journal.wait_for("worker 1 ready", times=2)
    started = await journal.wait_for("worker 1 started")
    assert len({line.split()[3] for line in started}) == 2
    code, stderr = await up.end()
    assert code == 0
    assert "worker 1 ended (killed by SIGKILL); starting it again" in stderr


async def test_a_second_up_refuses_and_names_the_folder_and_the_address(launcher):
    first = await launcher.start()
    second = await launcher.start()
    code, stderr = await second.outcome()
    assert code == 1
    url = first.ready.removeprefix("ready ")
    assert stderr.strip() == (
        f"Workhall is already running on {first.data_dir} at {url}; stop it first, or give another folder with --data."
    )


async def test_the_real_command_refuses_as_well(launcher):
    first = await launcher.start()
    second = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workhall", "up", "--port", "0", "--data", str(first.data_dir)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    stdout, stderr = await asyncio.wait_for(second.communicate(), 30)
    assert (second.returncode, stdout) == (1, b"")
    assert stderr.startswith(b"Workhall is already running on ")
    assert stderr.count(b"\n") == 1


async def test_a_new_up_waits_for_the_children_of_a_killed_one(launcher, journal):
    first = await launcher.start(STAND_IN_WORKER="lingers")
    first.process.kill()
    await journal.wait_for("stopping", times=2)
    starting = asyncio.create_task(launcher.start())
    journal.connections["worker 1"].write(b"go\n")
    second = await starting
    assert second.ready.startswith("ready ")
    starts = [index for index, line in enumerate(journal.lines) if "started" in line]
    assert min(starts[2:]) > journal.lines.index("worker 1 gone")


async def test_a_child_that_fails_at_the_start_fails_the_start(launcher):
    up = await launcher.start(STAND_IN_WORKER="fails")
    code, stderr = await up.outcome()
    assert (code, up.ready) == (1, "")
    assert re.search(r"^The worker \d ended before it was ready \(exit code 3\)", stderr.splitlines()[-1])
    await launcher.all_gone(within_s=1)


async def test_a_signal_during_the_start_ends_it_cleanly(launcher, journal):
    starting = asyncio.create_task(launcher.start(STAND_IN_WORKER="is never ready"))
    await journal.wait_for("worker 1 started")
    launcher.processes[0].send_signal(signal.SIGINT)
    up = await starting
    code, _ = await up.outcome()
    assert (code, up.ready) == (0, "")
    await launcher.all_gone(within_s=1)


async def test_a_taken_port_is_said_in_one_sentence(launcher):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        up = await launcher.start(STAND_IN_PORT=str(port))
        code, stderr = await up.outcome()
    assert code == 1
    reason = f"Cannot listen on 127.0.0.1 port {port} (Address already in use)"
    assert stderr.splitlines()[-1] == f"{reason}; choose another one with --port, or 0 for any."


async def test_a_configured_redis_is_used_and_left_running(launcher, journal, tmp_path: Path):
    from workhall.supervisor.valkey import EmbeddedValkey

    own = EmbeddedValkey(tmp_path / "own")
    await own.start()
    try:
        up = await launcher.start(REDIS_URL=own.url)
        assert "valkey" not in read_running(up.data_dir).pids
        assert {line.split()[-1] for line in await journal.wait_for("started", times=2)} == {own.url}
        assert (await up.end())[0] == 0
        async with Redis.from_url(own.url) as redis:
            assert await redis.ping()
    finally:
        await own.stop()
