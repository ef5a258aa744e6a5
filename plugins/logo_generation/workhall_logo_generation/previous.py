"""The picture that a refinement starts from."""

from __future__ import annotations

import base64
import io
import re
from typing import Final
from urllib.parse import urlsplit

from workhall import JobContext, PermanentError
from workhall.providers.download import SourceExpired, SourceRefused

from workhall_logo_generation.schema import LogoPayload

__all__ = ["read_previous"]

_MAX_BYTES: Final = 15 * 1024 * 1024
_DEADLINE_S: Final = 30.0
_OURS: Final = re.compile(r"/files/([0-9a-f-]{36})$")


async def read_previous(job: JobContext[LogoPayload]) -> bytes | None:
    """Return the previous logo's bytes, or None where this is no refinement of a picture.

    An address of our own (``…/files/{assetId}``) is read from the storage, if it is an asset of the job's brand.

    Raises:
        PermanentError: the picture cannot be had.
        workhall.providers.download.SourceUnavailable: trying again can help.
    """
    url = job.payload.previous_logo_url
    if not job.payload.is_refinement or url is None:
        return None
    try:
        if url.startswith("data:"):
            return base64.b64decode(url.partition(",")[2], validate=True)
        if ours := _OURS.search(urlsplit(url).path):
            return await _own_asset(job, ours.group(1))
        return await _download(job, url)
    except (SourceRefused, SourceExpired, ValueError, FileNotFoundError) as error:
        raise PermanentError(f"The previous logo cannot be used: {error}") from error


async def _own_asset(job: JobContext[LogoPayload], asset_id: str) -> bytes:
    asset = await job.services.assets.get(asset_id)
    if asset is None or asset.brand_id != str(job.payload.brand_id) or not asset.url.startswith("storage:"):
        raise PermanentError("previousLogoUrl names no asset of this brand.")
    return await job.services.storage.get(asset.url.removeprefix("storage:"))


async def _download(job: JobContext[LogoPayload], url: str) -> bytes:
    into = io.BytesIO()
    await job.services.http.download(url, into, max_bytes=_MAX_BYTES, deadline_s=_DEADLINE_S)
    return into.getvalue()
