"""Where an asset's bytes are: in the storage, or (until they are) in a ``data:`` address."""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from workhall.api.errors import FileMissing
from workhall.storage import ObjectStorage

__all__ = ["FileSource", "open_source"]

_NOT_YET: Final = "The file is not stored yet; try again in a moment"


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file that can be sent: ``read(start, end)`` yields its bytes from ``start`` up to, not including, ``end``."""

    size: int
    content_type: str
    etag: str | None
    read: Callable[[int, int], AsyncIterator[bytes]]


async def open_source(storage: ObjectStorage, url: str | None) -> FileSource:
    """Return the file that a row's ``url`` stands for.

    Raises:
        FileMissing: there is none, or not yet.
        workhall.storage.StorageAway: nobody knows.
    """
    scheme, _, rest = (url or "").partition(":")
    if scheme == "storage":
        return await _stored(storage, rest)
    if scheme == "data":
        return _inline(rest)
    raise FileMissing(_NOT_YET if scheme in ("http", "https") else "There is no such file")


async def _stored(storage: ObjectStorage, key: str) -> FileSource:
    try:
        found = await storage.head(key)
    except (FileNotFoundError, ValueError):
        raise FileMissing("The file is gone") from None
    return FileSource(found.size, found.content_type, found.etag, lambda start, end: storage.stream(key, start, end))


def _inline(rest: str) -> FileSource:
    """Decode what follows ``data:`` (RFC 2397); pictures only, nothing that a browser would run."""
    head, _, body = rest.partition(",")
    content_type, *options = head.split(";")
    if not content_type.startswith("image/"):
        raise FileMissing(_NOT_YET)
    try:
        data = b64decode(unquote_to_bytes(body), validate=True) if "base64" in options else unquote_to_bytes(body)
    except binascii.Error:
        raise FileMissing("The file cannot be read") from None
    return FileSource(len(data), content_type, f'"{hashlib.sha256(data).hexdigest()[:32]}"', _reader(data))


def _reader(data: bytes) -> Callable[[int, int], AsyncIterator[bytes]]:
    async def read(start: int, end: int) -> AsyncIterator[bytes]:
        yield data[start:end]

    return read
