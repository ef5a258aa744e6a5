"""Showing settings without their secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from workhall.sdk import Secret
from workhall.sdk.marks import MASK

__all__ = ["is_secret", "mask_settings"]

_TELLING: Final = re.compile(r"(^|_)(key|token|secret|password|passphrase|credentials)$", re.IGNORECASE)
_USERINFO: Final = re.compile(r"(?<=://)[^/@\s]+(?=@)")


def mask_settings(settings: BaseModel | None) -> dict[str, Any]:
    """Return settings as JSON values by field name, secrets as ``••••``; a secret that is not set stays empty.

    Secret is a value of pydantic's secret types, a field marked `Secret`, a field whose name says so
    (``…_key``, ``…_token``) and the user part of an address.
    """
    if settings is None:
        return {}
    return {
        name: _masked(getattr(settings, name), hide=is_secret(name, field))
        for name, field in type(settings).model_fields.items()
    }


def is_secret(name: str, field: FieldInfo) -> bool:
    """Tell whether a field's value must not be shown, going by its marks, its type and its name."""
    parts = (*field.metadata, *_parts(field.annotation))
    return bool(_TELLING.search(name)) or any(part is Secret or hasattr(part, "get_secret_value") for part in parts)


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def _masked(value: Any, *, hide: bool = False) -> Any:
    if hasattr(value, "get_secret_value"):
        return _masked(value.get_secret_value(), hide=True)
    if value is None or isinstance(value, bool):
        return value
    if hide:
        return MASK if value else ""
    if isinstance(value, BaseModel):
        return mask_settings(value)
    if isinstance(value, Mapping):
        return {str(key): _masked(item, hide=bool(_TELLING.search(str(key)))) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(item) for item in value]
    plain = to_jsonable_python(value, fallback=str)
    return _USERINFO.sub(MASK, plain) if isinstance(plain, str) else plain
