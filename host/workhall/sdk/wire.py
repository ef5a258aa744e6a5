"""The base of everything that crosses the wire."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

__all__ = ["WireModel"]


class WireModel(BaseModel):
    """A pydantic model that is snake_case in Python and camelCase on the wire.

    Both spellings are accepted on the way in; unknown fields are refused.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")
