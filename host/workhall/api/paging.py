"""Pages: an opaque cursor that stands for the last row of a page, and lists cut to their length."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, TypeVar

from litestar.params import QueryParameter

from workhall.jobs.errors import PayloadInvalid

__all__ = ["CursorParameter", "LimitParameter", "Position", "cut_page", "read_cursor"]

T = TypeVar("T")
Position = tuple[int, str]
_POSITION: Final = re.compile(r"(\d{1,15}):([a-z0-9-]{1,101})")

LimitParameter = Annotated[int, QueryParameter(ge=1, le=200, description="how many at most")]
CursorParameter = Annotated[str | None, QueryParameter(max_length=200, description="`nextCursor` of the page before")]


def read_cursor(cursor: str | None) -> Position | None:
    """Return the position that ``cursor`` stands for: time in epoch ms, and id.

    Raises:
        PayloadInvalid: it is none of ours.
    """
    if cursor is None:
        return None
    try:
        found = _POSITION.fullmatch(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode())
    except ValueError:
        found = None
    if found is None:
        raise PayloadInvalid([{"field": "cursor", "message": "Give the nextCursor of an earlier answer, or nothing."}])
    return int(found[1]), found[2]


def cut_page(rows: Sequence[T], limit: int, position: Callable[[T], tuple[Any, Any]]) -> tuple[Sequence[T], str | None]:
    """Return at most ``limit`` of the rows, which are one more where there is a next page, and the next cursor."""
    if len(rows) <= limit:
        return rows, None
    page = rows[:limit]
    at_ms, identifier = position(page[-1])
    return page, urlsafe_b64encode(f"{at_ms}:{identifier}".encode()).rstrip(b"=").decode()
