"""What the demo does around the system itself, which the acceptance tests run."""

from __future__ import annotations

import asyncio
import hashlib
import os

import pytest
from workhall.cli import demo_host as demo_host_module
from workhall.cli.demo_host import demo_host
from workhall.cli.demo_pictures import picture_file
from workhall.cli.options import CommandError

PICTURE = b"a picture"
NAME = f"{hashlib.sha256(PICTURE).hexdigest()}.png"
ASSET = {"id": "a", "brandId": "b", "assetType": "logo", "url": "http://host/files/a?signature=s"}


class Host:
    """The client's side of a host that has one picture."""

    async def download(self, url: str) -> bytes:
        assert url == ASSET["url"]
        return PICTURE


async def test_a_stored_picture_is_shown_where_it_lies(tmp_path):
    stored = tmp_path / "files" / "brands" / "b" / "logo" / NAME
    stored.parent.mkdir(parents=True)
    stored.write_bytes(PICTURE)
    assert await picture_file(Host(), ASSET, tmp_path) == stored
    assert not (tmp_path / "demo").exists()


async def test_a_picture_that_is_stored_elsewhere_is_saved(tmp_path):
    path = await picture_file(Host(), ASSET, tmp_path)
    assert (path, path.read_bytes()) == (tmp_path / "demo" / NAME, PICTURE)


def program(monkeypatch, code: str) -> None:
    """Run ``code`` where the demo would run `workhall`."""
    import sys

    monkeypatch.setattr(demo_host_module, "PROGRAM", (sys.executable, "-c", code))


async def test_a_host_that_fails_speaks_for_itself(tmp_path, monkeypatch):
    program(monkeypatch, "import sys; sys.exit('first line\\nThe reason, in one sentence.')")
    with pytest.raises(CommandError, match=r"^The reason, in one sentence\.$"):
        async with demo_host(tmp_path):
            pass


async def test_a_host_that_is_never_ready_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(demo_host_module, "_READY_WITHIN_S", 0.1)
    program(monkeypatch, "import signal; signal.pause()")
    with pytest.raises(CommandError, match=r"not ready within 0\.1 s"):
        async with demo_host(tmp_path):
            pass


async def test_the_host_is_asked_to_end_and_holds_a_pipe_to_us(tmp_path, monkeypatch):
    code = (
        "import os, signal, sys; fd = int(os.environ['WORKHALL_SUPERVISOR_FD']); os.set_blocking(fd, False)\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('asked to end', file=sys.stderr)))\n"
        "try: os.read(fd, 1)\n"
        "except BlockingIOError: print('ready http://127.0.0.1:1', flush=True)\n"
        "signal.pause()"
    )
    program(monkeypatch, code)
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")
    async with asyncio.timeout(20), demo_host(tmp_path) as url:
        assert url == "http://127.0.0.1:1"
    assert (tmp_path / "demo.log").read_text() == "asked to end\n"
    assert os.environ["REDIS_URL"] == "redis://elsewhere"
