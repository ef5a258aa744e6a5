"""Names under which pictures are stored: by the hash of their bytes, so that storing one twice changes nothing."""

from __future__ import annotations

import re
from uuid import UUID

_ASSET_TYPE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_EXTENSION = re.compile(r"[a-z0-9]{2,5}")


def asset_key(brand_id: str | UUID, asset_type: str, sha256: str, extension: str) -> str:
    """Return ``brands/{brandId}/{assetType}/{sha256}.{extension}``.

    Args:
        brand_id: the brand's UUID.
        asset_type: lower-case word such as ``logo`` or ``social_asset``.
        sha256: SHA-256 of the stored bytes, 64 lower-case hex digits.
        extension: without the dot, such as ``png``.

    Raises:
        ValueError: a part is not of that form; nothing can climb out of the brand's folder.
    """
    _require("extension", _EXTENSION, extension)
    return f"{_stem(brand_id, asset_type, sha256)}.{extension}"


def thumbnail_key(brand_id: str | UUID, asset_type: str, sha256: str) -> str:
    """Return the key of the WEBP thumbnail of the picture whose bytes have this SHA-256, beside the picture.

    Raises:
        ValueError: as `asset_key`.
    """
    return f"{_stem(brand_id, asset_type, sha256)}.thumb.webp"


def _stem(brand_id: str | UUID, asset_type: str, sha256: str) -> str:
    _require("assetType", _ASSET_TYPE, asset_type)
    _require("sha256", _SHA256, sha256)
    return f"brands/{_uuid(brand_id)}/{asset_type}/{sha256}"


def _uuid(brand_id: str | UUID) -> UUID:
    try:
        return UUID(str(brand_id))
    except ValueError as error:
        raise ValueError(f"brandId must be a UUID, not {brand_id!r}.") from error


def _require(name: str, form: re.Pattern[str], value: str) -> None:
    if not form.fullmatch(value):
        raise ValueError(f"{name} {value!r} cannot be part of a storage key: it must match {form.pattern}.")
