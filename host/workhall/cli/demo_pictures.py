"""Where an asset's picture is to be found as a file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workhall.client import WorkhallClient

__all__ = ["picture_file"]


async def picture_file(client: WorkhallClient, asset: Mapping[str, Any], data_dir: Path) -> Path:
    """Load the picture of ``asset`` by its signed address and return the file that holds the same bytes.

    The local storage keeps pictures by the hash of their bytes (``brands/{brandId}/{assetType}/{sha256}.png``), so the
    stored file is found without asking; a picture that is stored elsewhere is saved below ``demo``.
    """
    picture = await client.download(asset["url"])
    name = f"{hashlib.sha256(picture).hexdigest()}.png"
    stored = data_dir / "files" / "brands" / asset["brandId"] / asset["assetType"] / name
    return stored if stored.is_file() else _save(data_dir / "demo" / name, picture)


def _save(path: Path, picture: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture)
    return path
