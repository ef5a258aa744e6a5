"""Signed addresses of files: whoever has one may load the file until it expires, without a header."""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import urlsafe_b64encode
from typing import Final, Literal
from urllib.parse import urlencode

from workhall.settings import Settings

__all__ = ["FileSigner", "Variant"]

Variant = Literal["original", "thumbnail"]
# The time that an address ends is a full hour at least a day ahead, so that addresses made within one hour are the
# same and browsers can keep the file.
_HOUR_S: Final = 3600
_HOURS: Final = 25
_PURPOSE: Final = b"workhall: signed file addresses, version 1"


class FileSigner:
    """Signs and checks with HMAC-SHA256 (RFC 2104), under a key that serves this purpose only."""

    def __init__(self, settings: Settings) -> None:
        self._key = hmac.digest(settings.secret_key.get_secret_value().encode(), _PURPOSE, "sha256")

    def path(self, asset_id: str, variant: Variant = "original", *, now_s: float | None = None) -> str:
        """Return the path and query under which a file loads for the next 24 hours."""
        now = time.time() if now_s is None else now_s
        expires = (int(now) // _HOUR_S + _HOURS) * _HOUR_S
        query = {"expires": expires, "signature": self._signature(asset_id, variant, expires)}
        if variant != "original":
            query = {"variant": variant, **query}
        return f"/files/{asset_id}?{urlencode(query)}"

    def is_valid(self, asset_id: str, variant: Variant, expires: int, signature: str) -> bool:
        """Tell whether ``signature`` is ours; whether it has expired is another question."""
        expected = self._signature(asset_id, variant, expires)
        return hmac.compare_digest(expected.encode(), signature.encode())

    def _signature(self, asset_id: str, variant: Variant, expires: int) -> str:
        message = f"{asset_id}\n{variant}\n{expires}".encode()
        return urlsafe_b64encode(hmac.digest(self._key, message, hashlib.sha256)).rstrip(b"=").decode()
