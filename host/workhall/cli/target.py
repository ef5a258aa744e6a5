"""Find the running host and speak to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from workhall.cli.options import CommandError

if TYPE_CHECKING:
    from workhall.client import WorkhallClient
    from workhall.settings import Settings

__all__ = ["connect", "running_url"]

_TOKEN_TTL_S = 86_400  # a watch may last as long as the longest job (a day)


@asynccontextmanager
async def connect(data: Path | None, user: UUID | None = None) -> AsyncIterator[WorkhallClient]:
    """Yield a client of the host that runs on ``data``, with the operator's rights, in the name of ``user``.

    Raises:
        CommandError: no host is to be found.
    """
    from workhall.access.tokens import issue_token
    from workhall.client import WorkhallClient
    from workhall.settings import load_settings

    settings = load_settings(data)
    url = running_url(settings)
    async with WorkhallClient(url, issue_token(settings, str(user) if user else None, "admin", _TOKEN_TTL_S)) as client:
        yield client


def running_url(settings: Settings) -> str:
    """Return the address of the host that runs on the data folder, else the configured public one.

    Raises:
        CommandError: there is neither.
    """
    from workhall.supervisor.runfile import read_running

    running = read_running(settings.data_dir)
    if running is not None:
        return running.url
    if settings.public_url:
        return settings.public_url
    raise CommandError(
        f"No Workhall is running on {settings.data_dir}; start one with `workhall up`, name its folder with --data, "
        "or set PUBLIC_URL."
    )
