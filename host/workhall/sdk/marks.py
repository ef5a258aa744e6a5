"""Marks that a schema's author puts on fields: ``Annotated[str, Secret]``, ``Annotated[str, Preview("image")]``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

__all__ = ["Preview", "Secret"]

MASK: Final = "••••"


@dataclass(frozen=True, slots=True)
class Preview:
    """Says that a result field is something to look at, so that consoles can show it."""

    kind: Literal["image", "video", "audio", "pdf", "table"]

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        """Publish the mark in the JSON Schema as ``x-preview``."""
        return {**handler(core_schema), "x-preview": self.kind}


class _SecretMark:
    """Says that a field's value must not be shown in logs, rows, events or errors."""

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        """Publish the mark in the JSON Schema as ``writeOnly`` (JSON Schema 2020-12, validation §9.4)."""
        return {**handler(core_schema), "writeOnly": True}

    def __repr__(self) -> str:
        return "Secret"


Secret: Final = _SecretMark()
