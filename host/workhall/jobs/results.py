"""What a handler returned, as JSON text that is fit for a row and for every client."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
from pydantic import BaseModel, ValidationError

from workhall.jobs.payloads import first_problem
from workhall.sdk import PermanentError

__all__ = ["checked_result"]

_LARGEST_BYTES: Final = 1024 * 1024
_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def checked_result(model: type[BaseModel] | None, value: Any) -> tuple[Any, str]:
    """Return what the handler returned as its model, and as JSON text.

    Raises:
        PermanentError: it does not fit the model, is not JSON (NaN and infinity are not: RFC 8259 §6), holds a NUL
            character, which PostgreSQL cannot keep, or is larger than 1 MiB.
    """
    try:
        result = model.model_validate(value) if model else value
        text = _text(result)
        has_nan = _may_hide_nan(text) and _has_nan(result)
    except ValidationError as error:
        raise PermanentError(f"The handler's result does not fit its model: {first_problem(error)}") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise PermanentError(f"The handler's result is not JSON: {str(error).splitlines()[0]}") from None
    if has_nan:
        raise PermanentError("The handler's result holds NaN or infinity, which JSON does not know.")
    if _NUL.search(text):
        raise PermanentError("The handler's result holds a NUL character.")
    if len(text.encode()) > _LARGEST_BYTES:
        raise PermanentError("The handler's result is larger than 1 MiB; store it as a file and return its key.")
    return result, text


def _text(result: Any) -> str:
    if isinstance(result, BaseModel):
        return result.model_dump_json(by_alias=True)
    return orjson.dumps(result).decode()


def _may_hide_nan(text: str) -> bool:
    """Tell whether a search is worth its time: both serializers write ``null`` for NaN unless told otherwise."""
    return "null" in text or "NaN" in text or "Infinity" in text


def _has_nan(value: Any) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, BaseModel):
        return _has_nan(dict(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return any(_has_nan(getattr(value, field.name)) for field in dataclasses.fields(value))
    if isinstance(value, Mapping):
        return any(map(_has_nan, value.values()))
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return any(map(_has_nan, value))
    return False
