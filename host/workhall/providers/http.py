"""``job.services.http``: downloads through one guarded client."""

from __future__ import annotations

from typing import IO

from workhall.providers.client import guarded_client
from workhall.providers.download import download
from workhall.sdk.services import Download

__all__ = ["GuardedHttp"]


class GuardedHttp:
    """Implements `workhall.sdk.services.Http`; ``allow`` exempts hosts that are private on purpose."""

    def __init__(self, allow: frozenset[tuple[str, int]] = frozenset()) -> None:
        self._client = guarded_client(allow)

    async def download(self, url: str, into: IO[bytes], *, max_bytes: int, deadline_s: float) -> Download:
        """See `workhall.sdk.services.Http.download`."""
        done = await download(self._client, url, into=into, max_bytes=max_bytes, deadline_s=deadline_s)
        return Download(done.size, done.sha256)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()
