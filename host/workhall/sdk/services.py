"""What the host lends to a handler as ``job.services``: protocols only, the host implements them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any, NamedTuple, Protocol

__all__ = ["Asset", "Assets", "Brand", "Brands", "Credits", "Download", "Http", "Services", "Storage"]


class Brand(NamedTuple):
    """A brand; times are epoch ms."""

    id: str
    user_id: str
    name: str
    status: str
    details: Mapping[str, Any]
    created_at: int
    updated_at: int


class Asset(NamedTuple):
    """A brand's asset; ``url`` is what the row holds (``storage:<key>`` or an address)."""

    id: str
    brand_id: str
    asset_type: str
    url: str
    thumbnail_url: str | None
    metadata: Mapping[str, Any]
    is_selected: bool
    created_at: int


class Brands(Protocol):
    """Brands of the job's user."""

    async def get(self, brand_id: str) -> Brand | None:
        """Return the brand, or None where it does not exist."""


class Assets(Protocol):
    """Assets of brands. Writes are fenced: a late worker's are dropped with its claim."""

    async def add(
        self, key: str, *, brand_id: str, asset_type: str, url: str, metadata: Mapping[str, Any] | None = None
    ) -> Asset:
        """Add an asset whose id follows from the job and ``key``, so that a second attempt adds nothing."""

    def id_for(self, key: str) -> str:
        """Return the id of the asset that `add` makes, or made, for ``key``."""

    async def get(self, asset_id: str) -> Asset | None:
        """Return the asset, or None where it does not exist."""

    async def store(self, asset_id: str, *, url: str, thumbnail_url: str | None, metadata: Mapping[str, Any]) -> None:
        """Set an asset's permanent addresses and merge ``metadata`` into what it has."""


class Credits(Protocol):
    """The user's credits, read only: reserving and settling is the host's business."""

    async def remaining(self) -> int:
        """Return how many credits the job's user has left."""


class Storage(Protocol):
    """Files by key, local or in a bucket."""

    async def put(self, key: str, data: bytes, *, content_type: str) -> str:
        """Store ``data`` under ``key`` (the same key again is harmless) and return ``storage:<key>``."""

    async def get(self, key: str) -> bytes:
        """Return a file's bytes.

        Raises:
            FileNotFoundError: there is none under ``key``.
        """

    async def exists(self, key: str) -> bool:
        """Tell whether there is a file under ``key``."""

    async def delete(self, key: str) -> None:
        """Remove a file; one that does not exist is removed already."""


class Download(NamedTuple):
    """A finished download."""

    size: int
    sha256: str


class Http(Protocol):
    """Downloads that cannot reach private addresses."""

    async def download(self, url: str, into: IO[bytes], *, max_bytes: int, deadline_s: float) -> Download:
        """Stream ``url`` into ``into``.

        Raises:
            workhall.providers.DownloadError: with a subclass that says whether trying again can help.
        """


class Services(Protocol):
    """Everything above, in one place."""

    @property
    def brands(self) -> Brands: ...  # noqa: D102 - the type says it
    @property
    def assets(self) -> Assets: ...  # noqa: D102
    @property
    def credits(self) -> Credits: ...  # noqa: D102
    @property
    def storage(self) -> Storage: ...  # noqa: D102
    @property
    def http(self) -> Http: ...  # noqa: D102
