"""run.json, the lock, the listening socket and the server's values."""

from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest
from workhall.supervisor.errors import AlreadyRunning, StartError, describe_exit
from workhall.supervisor.keeper import RestartWaits
from workhall.supervisor.listener import local_url, open_listener, public_name
from workhall.supervisor.lock import DataLock, is_locked
from workhall.supervisor.runfile import RunFile, read_run_file, read_running, remove_run_file, write_run_file
from workhall.supervisor.valkey_config import deployment_config, embedded_config

RUN = RunFile(url="http://127.0.0.1:1", redis_url="redis://127.0.0.1:2/0", pids={"supervisor": 3})
REPOSITORY = Path(__file__).parents[3]


def test_the_committed_redis_conf_is_made_from_our_values():
    assert (REPOSITORY / "deploy" / "redis.conf").read_text() == deployment_config()


def test_the_embedded_server_listens_on_loopback_only(tmp_path):
    lines = embedded_config(7000, tmp_path).splitlines()
    assert [line for line in lines if line.startswith("bind ")][-1] == "bind 127.0.0.1"
    assert "port 7000" in lines


def test_run_file_round_trip(tmp_path):
    write_run_file(tmp_path, RUN)
    assert read_run_file(tmp_path) == RUN
    assert (tmp_path / "run.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
    remove_run_file(tmp_path)
    remove_run_file(tmp_path)
    assert read_run_file(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 1}'])
def test_a_run_file_that_is_not_ours_is_none(tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    assert read_run_file(tmp_path) is None


async def test_readers_believe_a_run_file_only_while_the_lock_is_held(tmp_path):
    write_run_file(tmp_path, RUN)
    assert read_running(tmp_path) is None
    lock = DataLock(tmp_path)
    await lock.acquire()
    assert read_running(tmp_path) == RUN
    lock.release()
    assert read_running(tmp_path) is None


async def test_the_lock_refuses_and_is_free_again_after_release(tmp_path):
    first, second = DataLock(tmp_path / "new"), DataLock(tmp_path / "new")
    await first.acquire()
    with pytest.raises(AlreadyRunning, match=r"already running on .*new and is still starting"):
        await second.acquire()
    first.release()
    await second.acquire()
    second.release()
    assert not is_locked(tmp_path / "new")


async def test_the_lock_waits_for_the_leftovers_of_a_dead_holder(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    holder = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    os.write(holder, str(dead.pid).encode())
    fcntl.flock(holder, fcntl.LOCK_EX)
    with pytest.raises(StartError, match=r"have not ended after 0\.01 s"):
        await DataLock(tmp_path).acquire(leftovers_s=0.01)
    lock = DataLock(tmp_path)
    acquiring = asyncio.create_task(lock.acquire())
    await asyncio.sleep(0)
    assert not acquiring.done()
    os.close(holder)
    await acquiring
    lock.release()


async def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match=r"The data folder .* cannot be used .* --data"):
        await DataLock(tmp_path / "file" / "data").acquire()


def test_waits_double_up_to_the_limit_and_start_anew_after_a_healthy_life():
    waits = RestartWaits()
    assert [waits.after(1) for _ in range(7)] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert waits.after(30) == 0.2
    assert waits.after(29.9) == 0.4


@pytest.mark.parametrize(
    ("code", "text"),
    [(0, "exit code 0"), (3, "exit code 3"), (-9, "killed by SIGKILL"), (-200, "killed by signal 200")],
)
def test_exits_in_words(code, text):
    assert describe_exit(code) == text


def test_the_address_is_shown_as_given_and_reached_locally():
    with open_listener("0.0.0.0", 0) as listener:
        port = listener.getsockname()[1]
        assert public_name("0.0.0.0", listener) == f"http://0.0.0.0:{port}"
        assert local_url("0.0.0.0", listener) == f"http://127.0.0.1:{port}"
        assert public_name("::1", listener) == f"http://[::1]:{port}"


def test_a_host_without_an_address_is_said():
    with pytest.raises(StartError, match=r"'no\.such\.host\.invalid' has no address"):
        open_listener("no.such.host.invalid", 0)
