"""What a caller can see is what is theirs: asked by every door before anything is shown or joined."""

from __future__ import annotations

from sqlalchemy import RowMapping

from workhall.jobs.errors import BrandNotFound, JobNotFound
from workhall.jobs.principal import Principal
from workhall.jobs.store.brands import read_asset, read_brand
from workhall.jobs.store.database import Database
from workhall.jobs.store.records import read_job
from workhall.sdk.services import Asset, Brand

__all__ = ["AssetNotFound", "visible_asset", "visible_brand", "visible_job"]


class AssetNotFound(Exception):
    """There is no such asset, or it is somebody else's."""

    def __init__(self) -> None:
        super().__init__("Asset not found")


async def visible_job(database: Database, principal: Principal, job_id: str) -> RowMapping:
    """Return the job's record.

    Raises:
        JobNotFound: it does not exist or is not the caller's; the two are not told apart.
    """
    row = await database.read(lambda connection: read_job(connection, job_id))
    if row is None or not principal.owns(row["user_id"]):
        raise JobNotFound
    return row


async def visible_brand(database: Database, principal: Principal, brand_id: str) -> Brand:
    """Return the brand.

    Raises:
        BrandNotFound: it does not exist or is not the caller's.
    """
    brand = await database.read(lambda connection: read_brand(connection, brand_id))
    if brand is None or not principal.owns(brand.user_id):
        raise BrandNotFound
    return brand


async def visible_asset(database: Database, principal: Principal, asset_id: str) -> Asset:
    """Return the asset.

    Raises:
        AssetNotFound: it does not exist or its brand is not the caller's.
    """
    found = await database.read(lambda connection: read_asset(connection, asset_id))
    if found is None or not principal.owns(found[1]):
        raise AssetNotFound
    return found[0]
