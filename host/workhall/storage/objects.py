"""`ObjectStorage`: the sdk's ``Storage``, and what serving a file needs, over one obstore store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

import obstore
from obstore.exceptions import BaseError

from workhall.storage.content_types import type_of_key

if TYPE_CHECKING:
    from obstore import Attributes, GetResult
    from obstore.store import ObjectStore

__all__ = ["ObjectStorage", "StorageAway", "StoredFile"]

_CHUNK: Final = 256 * 1024  # bytes per piece of a streamed file
_FAILURES: Final[tuple[type[Exception], ...]] = (BaseError, PermissionError, NotImplementedError)
_SCHEME: Final = "storage:"


class StorageAway(Exception):
    """The storage cannot be reached, or refuses us; the message is one sentence."""


class StoredFile(NamedTuple):
    """What is known of a file without reading it; ``size`` in bytes."""

    size: int
    content_type: str
    etag: str | None


class ObjectStorage:
    """Files by key. A key is a relative path; one with ``..`` or an empty part is a `ValueError`.

    Args:
        store: a folder or a bucket.
        keeps_types: whether it stores a content type with a file; else the key's extension decides.
    """

    def __init__(self, store: ObjectStore, *, keeps_types: bool) -> None:
        self._store = store
        self._keeps_types = keeps_types

    async def put(self, key: str, data: bytes, *, content_type: str) -> str:
        """Store ``data`` under ``key`` (the same key again is harmless) and return ``storage:<key>``.

        Raises:
            StorageAway: it cannot be stored.
        """
        attributes: Attributes | None = {"Content-Type": content_type} if self._keeps_types else None
        with _sentences(FileNotFoundError):  # a bucket that does not exist
            await obstore.put_async(self._store, key, data, attributes=attributes)
        return f"{_SCHEME}{key}"

    async def get(self, key: str) -> bytes:
        """Return a file's bytes.

        Raises:
            FileNotFoundError: there is none under ``key``.
            StorageAway: it cannot be read.
        """
        with _sentences():
            result = await obstore.get_async(self._store, key)
            return bytes(await result.bytes_async())

    async def exists(self, key: str) -> bool:
        """Tell whether there is a file under ``key``.

        Raises:
            StorageAway: nobody knows.
        """
        try:
            await self.head(key)
        except FileNotFoundError:
            return False
        return True

    async def delete(self, key: str) -> None:
        """Remove a file; one that does not exist is removed already.

        Raises:
            StorageAway: it cannot be removed.
        """
        with _sentences():
            try:
                await obstore.delete_async(self._store, key)
            except FileNotFoundError:
                return

    async def head(self, key: str) -> StoredFile:
        """Return what is known of a file.

        Raises:
            FileNotFoundError: there is none under ``key``.
            StorageAway: nobody knows.
        """
        with _sentences():
            result = await obstore.get_async(self._store, key, options={"head": True})
        return StoredFile(result.meta["size"], self._type(key, result), result.meta["e_tag"])

    async def stream(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield the bytes from ``start`` up to, not including, ``end``.

        Raises:
            FileNotFoundError: there is none under ``key``.
            StorageAway: it cannot be read.
        """
        if start >= end:
            return
        with _sentences():
            result = await obstore.get_async(self._store, key, options={"range": (start, end)})
            async for chunk in result.stream(min_chunk_size=_CHUNK):
                yield bytes(chunk)

    def _type(self, key: str, result: GetResult) -> str:
        kept = result.attributes.get("Content-Type") if self._keeps_types else None
        return kept or type_of_key(key)


@contextmanager
def _sentences(*also: type[Exception]) -> Iterator[None]:
    """Turn the library's errors, which carry pages of debugging text, and ``also``, into one sentence."""
    try:
        yield
    except (*_FAILURES, *also) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise StorageAway(f"The storage cannot be used: {first}") from error
