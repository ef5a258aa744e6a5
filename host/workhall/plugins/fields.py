"""Checking one field of a pydantic model apart from the others."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

__all__ = ["field_adapter"]


def field_adapter(field: FieldInfo) -> TypeAdapter[Any]:
    """Return an adapter for a field's type and bounds; its alias and default and the model's validators stay out."""
    annotation: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return TypeAdapter(annotation)
