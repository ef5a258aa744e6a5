"""A worker process of test processors: ``python -m …runner DATABASE REDIS FOLDER``, ready when it says so."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path

from workhall.jobs.store import SqlStore, open_database

from tests.integration.engine.handlers import serve_all
from tests.integration.engine.hosting import Host


async def main(database_url: str, redis_url: str, folder: str) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = open_database(database_url)
    host = Host(SqlStore(database), redis_url, Path(folder))
    serve_all(host)
    async with host.working():
        print("ready", flush=True)  # noqa: T201
        await stop.wait()
    await database.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main(*sys.argv[1:]))
