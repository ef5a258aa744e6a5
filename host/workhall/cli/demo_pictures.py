"""Where an asset's picture is to be found as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workhall.client import WorkhallClient

__all__ = ["picture_file"]


async def picture_file(client: WorkhallClient, asset: Mapping[str, Any], data_dir: Path) -> Path:
    """Return the PNG of ``asset``: the stored file itself, or a download where it is not on this machine."""
    for key in _keys(asset.get("metadata")):
        stored = data_dir / "files" / key
        if key.endswith(".png") and f"brands/{asset['brandId']}/" in key and stored.is_file():
            return stored
    target = data_dir / "demo" / f"{asset['id']}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(await client.download(asset["url"]))
    return target


def _keys(value: Any) -> Iterator[str]:
    """Yield every ``storage:<key>`` in an asset's metadata."""
    if isinstance(value, str) and value.startswith("storage:"):
        yield value.removeprefix("storage:")
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)
