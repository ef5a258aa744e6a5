"""Open what ``STORAGE_URL`` names."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from workhall.settings import Settings, SettingsError, environment
from workhall.storage.objects import ObjectStorage

__all__ = ["open_storage"]

_KEYS: Final = {
    "access_key_id": "AWS_ACCESS_KEY_ID",
    "secret_access_key": "AWS_SECRET_ACCESS_KEY",
    "session_token": "AWS_SESSION_TOKEN",
    "region": "AWS_REGION",
}


def open_storage(settings: Settings) -> ObjectStorage:
    """Return the storage; a folder is made where it is missing, a bucket is first asked when it is used.

    Keys of a bucket come from ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY`` and ``AWS_REGION``.

    Raises:
        SettingsError: one sentence that says what is wrong with the address.
    """
    address = urlsplit(settings.storage)
    try:
        if address.scheme == "file" and not address.netloc and address.path:
            return ObjectStorage(LocalStore(Path(unquote(address.path)), mkdir=True), keeps_types=False)
        if address.scheme == "s3" and address.netloc:
            return ObjectStorage(_bucket(address.netloc, address.path.strip("/"), settings), keeps_types=True)
    except (BaseError, OSError, ValueError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise SettingsError(f"The storage {settings.storage} cannot be used: {first}.") from None
    raise SettingsError(f"STORAGE_URL must be file:///folder or s3://bucket, not {settings.storage!r}.")


def _bucket(name: str, prefix: str, settings: Settings) -> S3Store:
    variables = environment()
    keys: dict[str, Any] = {field: value for field, variable in _KEYS.items() if (value := variables.get(variable))}
    if not settings.aws_endpoint_url:
        return S3Store(name, prefix=prefix or None, **keys)
    # R2, Supabase and MinIO name the bucket in the path, not in the host.
    return S3Store(
        name,
        prefix=prefix or None,
        endpoint=settings.aws_endpoint_url.rstrip("/"),
        virtual_hosted_style_request=False,
        client_options={"allow_http": settings.aws_endpoint_url.startswith("http://")},
        **keys,
    )
