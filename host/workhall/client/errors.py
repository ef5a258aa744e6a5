"""What the client raises."""

from __future__ import annotations

from typing import Any

__all__ = ["ApiError", "Unreachable"]


class ApiError(Exception):
    """The API, or the socket, answered with an error.

    Attributes:
        status: the HTTP status; 0 where there was no answer at all.
        error: the answer's sentence.
        details: whatever else the answer says: a list with one entry per wrong field, a mapping, or None.
    """

    def __init__(self, status: int, error: str, details: Any = None) -> None:
        super().__init__(_sentence(error, details))
        self.status, self.error, self.details = status, error, details


class Unreachable(ApiError):
    """No answer: the host is not running there, or the connection broke."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(0, f"Workhall does not answer at {url} ({reason})")


def _sentence(error: str, details: Any) -> str:
    text = error.rstrip(".")
    if isinstance(details, list):
        text += "".join(f"; {_field(detail)}" for detail in details)
    if isinstance(details, dict):
        text += "".join(f"; {name}: {_shown(value)}" for name, value in details.items())
    return f"{text}."


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _field(detail: Any) -> str:
    if not isinstance(detail, dict):
        return str(detail)
    where, message = detail.get("field"), str(detail.get("message", detail)).rstrip(".")
    return f"{where}: {message}" if where else message
