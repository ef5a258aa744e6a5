"""Operation ids of the OpenAPI document for routes that plugins bring."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["operation_ids"]


def operation_ids(verb: str, names: Iterable[str]) -> dict[str, str]:
    """Return an id for each name: ``submit`` and ``logo-generation`` make ``submitLogoGeneration``.

    Names are queues, or paths with their version, which is left out. A number tells apart what would be the same.
    """
    ids: dict[str, str] = {}
    for name in names:
        words = [word for word in re.split(r"[/-]", re.sub(r"^/v\d+/", "", name)) if word]
        base = verb + "".join(word[0].upper() + word[1:] for word in words)
        number = 1
        while (candidate := base if number == 1 else f"{base}{number}") in ids.values():
            number += 1
        ids[name] = candidate
    return ids
