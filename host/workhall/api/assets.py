"""``/v1/brands/{id}/assets`` and ``/v1/assets/{id}``: a brand's assets, with addresses signed when they are read."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import get, patch
from litestar.params import PathParameter, QueryParameter
from pydantic import Field

from workhall.access.ownership import visible_asset, visible_brand
from workhall.api.auth import check_may_change
from workhall.api.bodies import read_body
from workhall.api.brands import BrandId
from workhall.api.paging import CursorParameter, LimitParameter, cut_page, read_cursor
from workhall.api.records import moment
from workhall.api.signing import Variant
from workhall.api.state import ApiRequest
from workhall.api.wire import AssetPage, AssetRecord
from workhall.jobs.store.brands import list_assets, select_asset
from workhall.sdk import Asset, WireModel

__all__ = ["AssetChange", "AssetId", "choose_asset", "search_assets"]

AssetId = Annotated[UUID, PathParameter(name="assetId")]
TypeFilter = Annotated[
    str | None, QueryParameter(name="assetType", pattern=r"^[a-z0-9_-]{1,32}$", description="e.g. logo or mockup")
]


class AssetChange(WireModel):
    """What is to change of an asset."""

    is_selected: bool = Field(strict=True, description="whether the user chose it")


@get("/v1/brands/{brandId:uuid}/assets", operation_id="listAssets", summary="List a brand's assets", tags=["brands"])
async def search_assets(
    request: ApiRequest,
    brand_id: BrandId,
    asset_type: TypeFilter = None,
    limit: LimitParameter = 50,
    cursor: CursorParameter = None,
) -> AssetPage:
    """Return a page of a brand's assets, newest first."""
    brand, before = str(brand_id), read_cursor(cursor)
    await visible_brand(request.api.database, request.user, brand)
    assets = await request.api.database.read(
        lambda connection: list_assets(connection, brand, asset_type, before, limit + 1)
    )
    page, following = cut_page(assets, limit, lambda asset: (asset.created_at, asset.id))
    return AssetPage([_record(request, asset) for asset in page], following)


@patch("/v1/assets/{assetId:uuid}", operation_id="changeAsset", summary="Choose an asset, or not", tags=["brands"])
async def choose_asset(request: ApiRequest, asset_id: AssetId) -> AssetRecord:
    """Mark an asset as chosen, or not, and return it."""
    asset = await visible_asset(request.api.database, request.user, str(asset_id))
    check_may_change(request.user)
    change = await read_body(request, AssetChange)
    await request.api.database.write(lambda connection: select_asset(connection, asset.id, change.is_selected))
    return _record(request, asset._replace(is_selected=change.is_selected))


def _record(request: ApiRequest, asset: Asset) -> AssetRecord:
    return AssetRecord(
        id=asset.id,
        brand_id=asset.brand_id,
        asset_type=asset.asset_type,
        url=_address(request, asset, "original"),
        thumbnail_url=_address(request, asset, "thumbnail") if asset.thumbnail_url else None,
        metadata=dict(asset.metadata),
        is_selected=bool(asset.is_selected),
        created_at=moment(asset.created_at),
    )


def _address(request: ApiRequest, asset: Asset, variant: Variant) -> str:
    return request.public_base + request.api.signer.path(asset.id, variant)
