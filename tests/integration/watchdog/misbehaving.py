"""A plugin whose handlers do what no handler should, as a distribution on a search path of its own."""

from __future__ import annotations

import textwrap
from pathlib import Path

QUEUES = (
    "deaf",
    "blocking",
    "gil-holding",
    "crashing",
    "crashing-thread",
    "exiting",
    "hungry",
    "deaf-thread",
    "fatal",
)

_DECLARATION = """
    from pydantic import BaseModel
    from workhall import Processor, Retry, fixed, hookimpl

    class Payload(BaseModel):
        until: str = ""

    def bad(queue):
        name = queue.replace("-", "_")
        retry = Retry(attempts=5, backoff=fixed(0.3))
        return Processor(
            queue=queue, payload=Payload, handler=f"workhall_misbehaving.handlers:{name}", timeout=1, retry=retry
        )

    @hookimpl
    def processors():
        good = Processor(queue="good", payload=Payload, handler="workhall_misbehaving.handlers:good", timeout=60)
        return [good, *map(bad, QUEUES)]
"""

_HANDLERS = """
    import asyncio
    import ctypes
    import os
    import re
    import sys
    import time
    from functools import wraps

    def once(handler):
        "The second attempt tells which process it runs in."
        @wraps(handler)
        async def wrapped(job):
            if job.attempt == 1:
                await handler(job)
            return {"argv": sys.argv[1:]}
        return wrapped

    async def good(job):
        while job.payload.until and not os.path.exists(job.payload.until):
            await asyncio.sleep(0.05)

    @once
    async def deaf(job):
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                pass

    @once
    async def blocking(job):
        await asyncio.gather(asyncio.sleep(0), stand_still())

    async def stand_still():
        time.sleep(600)

    @once
    async def gil_holding(job):
        re.match("(a+)+$", "a" * 60 + "b")

    @once
    async def crashing(job):
        await asyncio.sleep(0.05)
        ctypes.string_at(0)

    @once
    async def crashing_thread(job):
        await asyncio.to_thread(ctypes.string_at, 0)

    @once
    async def exiting(job):
        await job.progress(50, "half")
        os._exit(0)

    @once
    async def hungry(job):
        eaten = b"x" * (600 << 20)
        await asyncio.sleep(60)

    def deaf_thread(job):
        if job.attempt == 1:
            time.sleep(600)
        return {"argv": sys.argv[1:]}

    async def fatal(job):
        ctypes.string_at(0)
"""


def install(site: Path) -> None:
    """Write the package and its metadata, as pip would."""
    package = site / "workhall_misbehaving"
    package.mkdir(parents=True)
    declaration = f"QUEUES = {QUEUES!r}\n" + textwrap.dedent(_DECLARATION)
    (package / "__init__.py").write_text(declaration)
    (package / "handlers.py").write_text(textwrap.dedent(_HANDLERS))
    info = site / "workhall_misbehaving-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.3\nName: workhall-misbehaving\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[workhall]\nmisbehaving = workhall_misbehaving\n")
    (info / "RECORD").write_text("")
