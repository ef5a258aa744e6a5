"""`job.services`: what the host lends to a handler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from workhall.jobs.attempt import Attempt
from workhall.jobs.ids import derived_uuid, now_ms
from workhall.jobs.messages import NewAsset, StoredAsset
from workhall.jobs.store.brands import read_asset, read_brand
from workhall.jobs.store.credits import read_balance
from workhall.jobs.store.database import Database
from workhall.sdk.services import Asset, Assets, Brand, Brands, Credits, Http, Storage

__all__ = ["HostServices"]


@dataclass(frozen=True, slots=True)
class HostServices:
    """The services of one attempt."""

    brands: Brands
    assets: Assets
    credits: Credits
    storage: Storage
    http: Http

    @classmethod
    def of(cls, attempt: Attempt, database: Database, storage: Storage, http: Http) -> HostServices:
        """Make the services of ``attempt``."""
        return cls(
            _Brands(database), _Assets(attempt, database), _Credits(attempt.job.user_id, database), storage, http
        )


class _Brands:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, brand_id: str) -> Brand | None:
        return await self._database.read(lambda connection: read_brand(connection, brand_id))


class _Assets:
    def __init__(self, attempt: Attempt, database: Database) -> None:
        self._attempt = attempt
        self._database = database

    async def add(
        self, key: str, *, brand_id: str, asset_type: str, url: str, metadata: Mapping[str, Any] | None = None
    ) -> Asset:
        identifier = self.id_for(key)
        at = now_ms()
        details = dict(metadata or {})
        row = NewAsset(identifier, brand_id, asset_type, url, orjson.dumps(details).decode(), at)
        write = self._attempt.new_write()
        write.assets.append(row)
        await self._attempt.write(write)
        return Asset(identifier, brand_id, asset_type, url, None, details, False, at)

    def id_for(self, key: str) -> str:
        return str(derived_uuid(self._attempt.job.job_id, f"asset\x00{key}"))

    async def get(self, asset_id: str) -> Asset | None:
        found = await self._database.read(lambda connection: read_asset(connection, asset_id))
        return found[0] if found else None

    async def store(self, asset_id: str, *, url: str, thumbnail_url: str | None, metadata: Mapping[str, Any]) -> None:
        write = self._attempt.new_write()
        write.stored_assets.append(StoredAsset(asset_id, url, thumbnail_url, orjson.dumps(dict(metadata)).decode()))
        await self._attempt.write(write)


class _Credits:
    def __init__(self, user_id: str | None, database: Database) -> None:
        self._user_id = user_id
        self._database = database

    async def remaining(self) -> int:
        user_id = self._user_id
        if user_id is None:
            return 0
        return (await self._database.read(lambda connection: read_balance(connection, user_id))).remaining
