"""A stand-in for `workhall`: `up` runs the real supervisor, `api` and `worker` are small real processes.

Each process reports to the Unix socket JOURNAL what happens to it, and holds that connection as long as it lives.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from workhall.supervisor.child import ChildLink, inherited_socket

PROGRAM = (sys.executable, __file__)


async def child(role: str) -> None:
    name = os.environ["WORKHALL_PROCESS_NAME"]
    behaviour = os.environ.get("STAND_IN_" + role.upper(), "")
    if behaviour == "fails":
        sys.exit(3)
    reader, writer = await asyncio.open_unix_connection(os.environ["JOURNAL"])
    writer.write(f"{name} started {os.getpid()} {os.environ['REDIS_URL']}\n".encode())
    if behaviour == "is never ready":
        await asyncio.Event().wait()
    link = ChildLink.from_environment()
    if behaviour == "is deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server = None
    if role == "api":
        server = await asyncio.start_server(answer, sock=inherited_socket())
    writer.write(f"{name} ready\n".encode())
    await writer.drain()  # the journal knows before the supervisor does, and before a test kills this process
    link.ready()
    await link.stop.wait()
    writer.write(f"{name} stopping\n".encode())
    if behaviour == "lingers":
        await reader.readline()
    if server is not None:
        server.close()
    writer.close()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    writer.close()


def up(data_dir: Path) -> None:
    from workhall.logs import configure_logging
    from workhall.settings import load_settings
    from workhall.supervisor.errors import StartError
    from workhall.supervisor.plan import Plan
    from workhall.supervisor.up import run_up

    settings = load_settings(data_dir, redis_url=os.environ.get("REDIS_URL", ""))
    configure_logging("info", process="supervisor")
    port = int(os.environ.get("STAND_IN_PORT", "0"))
    plan = Plan(port=port, workers=1, program=PROGRAM, upgrade=lambda _url: None)
    try:
        asyncio.run(run_up(settings, plan, announce))
    except StartError as error:
        sys.exit(str(error))


def announce(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1] == "up":
        up(Path(sys.argv[2]))
    else:
        asyncio.run(child(sys.argv[1]))
