"""The type of a file by its key's extension, for storages that keep no type of their own."""

from __future__ import annotations

import mimetypes
from typing import Final

__all__ = ["UNKNOWN_TYPE", "type_of_key"]

UNKNOWN_TYPE: Final = "application/octet-stream"
# An instance of its own knows Python's table only; the module's functions read the machine's files too.
_TYPES: Final = mimetypes.MimeTypes()
_TYPES.add_type("image/webp", ".webp")
_TYPES.add_type("image/avif", ".avif")


def type_of_key(key: str) -> str:
    """Return the media type that the extension of ``key`` stands for."""
    return _TYPES.guess_type(key, strict=False)[0] or UNKNOWN_TYPE
