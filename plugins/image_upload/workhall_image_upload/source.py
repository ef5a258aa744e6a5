"""Where a picture comes from: a download, a ``data:`` URL or our own storage."""

from __future__ import annotations

import tempfile
from typing import Final

from workhall import PermanentError, Services
from workhall.providers.download import SourceExpired, SourceRefused

from workhall_image_upload.data_url import decode_data_url

__all__ = ["MAX_BYTES", "read_source"]

MAX_BYTES: Final = 25 * 1024 * 1024
_DEADLINE_S: Final = 30.0
_IN_MEMORY: Final = 1024 * 1024


async def read_source(services: Services, url: str) -> bytes:
    """Return the bytes behind ``url``.

    Raises:
        PermanentError: refused, gone, too large or not there.
        workhall.providers.download.SourceUnavailable: trying again can help.
    """
    try:
        if url.startswith("data:"):
            return decode_data_url(url, MAX_BYTES)
        if url.startswith("storage:"):
            return await services.storage.get(url.removeprefix("storage:"))
        return await _download(services, url)
    except FileNotFoundError:
        raise PermanentError("The source file is not in the storage any more.") from None
    except (SourceRefused, SourceExpired, ValueError) as error:
        raise PermanentError(str(error)) from error


async def _download(services: Services, url: str) -> bytes:
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        await services.http.download(url, file, max_bytes=MAX_BYTES, deadline_s=_DEADLINE_S)
        file.seek(0)
        return file.read()
