"""``/v1/brands…``: the small brand model that jobs hang on."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import orjson
from litestar import get, patch, post
from litestar.params import PathParameter
from pydantic import AfterValidator, Field, StringConstraints

from workhall.access.ownership import visible_brand
from workhall.api.auth import check_may_change
from workhall.api.bodies import read_body
from workhall.api.paging import CursorParameter, LimitParameter, cut_page, read_cursor
from workhall.api.records import brand_record
from workhall.api.state import ApiRequest
from workhall.api.wire import BrandPage, BrandRecord
from workhall.jobs.errors import BrandNotFound, DispatchForbidden, PayloadInvalid
from workhall.jobs.principal import Principal
from workhall.jobs.store.brands import change_brand, create_brand, list_brands
from workhall.sdk import WireModel

__all__ = ["BrandChange", "BrandId", "NewBrand", "add_brand", "edit_brand", "search_brands", "show_brand"]

BrandId = Annotated[UUID, PathParameter(name="brandId")]
# PostgreSQL's text has no NUL (its documentation, "Character Types").
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Status = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]


def _storable(details: dict[str, Any]) -> dict[str, Any]:
    try:
        orjson.dumps(details)
    except TypeError as error:
        raise ValueError(f"cannot be stored as JSON: {error}") from None
    return details


Details = Annotated[dict[str, Any], AfterValidator(_storable)]


class NewBrand(WireModel):
    """A brand to be made."""

    name: Name
    details: Details = Field(default_factory=dict, description="whatever else is known of the brand")
    user_id: UUID | None = Field(default=None, description="whose brand; the caller's own where left out")


class BrandChange(WireModel):
    """What is to change of a brand; what is left out stays."""

    name: Name | None = None
    status: Status | None = None
    details: Details | None = Field(default=None, description="merged into what the brand has")


@post("/v1/brands", operation_id="createBrand", summary="Make a brand", tags=["brands"])
async def add_brand(request: ApiRequest) -> BrandRecord:
    """Make a brand in status `draft`."""
    check_may_change(request.user)
    asked = await read_body(request, NewBrand)
    owner = _owner(request.user, asked.user_id)
    brand = await request.api.database.write(
        lambda connection: create_brand(connection, owner, asked.name, asked.details)
    )
    return brand_record(brand)


@get("/v1/brands", operation_id="listBrands", summary="List brands, newest first", tags=["brands"])
async def search_brands(request: ApiRequest, limit: LimitParameter = 50, cursor: CursorParameter = None) -> BrandPage:
    """Return a page of the caller's brands."""
    owner, before = None if request.user.sees_all else request.user.user_id, read_cursor(cursor)
    brands = await request.api.database.read(lambda connection: list_brands(connection, owner, before, limit + 1))
    page, following = cut_page(brands, limit, lambda brand: (brand.created_at, brand.id))
    return BrandPage([brand_record(brand) for brand in page], following)


@get("/v1/brands/{brandId:uuid}", operation_id="getBrand", summary="Show a brand", tags=["brands"])
async def show_brand(request: ApiRequest, brand_id: BrandId) -> BrandRecord:
    """Return a brand."""
    return brand_record(await visible_brand(request.api.database, request.user, str(brand_id)))


@patch("/v1/brands/{brandId:uuid}", operation_id="changeBrand", summary="Change a brand", tags=["brands"])
async def edit_brand(request: ApiRequest, brand_id: BrandId) -> BrandRecord:
    """Change a brand and return it."""
    await visible_brand(request.api.database, request.user, str(brand_id))
    check_may_change(request.user)
    changes = (await read_body(request, BrandChange)).model_dump(exclude_none=True)
    if not changes:
        raise PayloadInvalid([{"field": "", "message": "Give at least one of name, status and details."}])
    brand = await request.api.database.write(lambda connection: change_brand(connection, str(brand_id), changes))
    if brand is None:
        raise BrandNotFound
    return brand_record(brand)


def _owner(principal: Principal, asked: UUID | None) -> str:
    if asked is not None and not principal.owns(str(asked)):
        raise DispatchForbidden("You may not make a brand in another user's name.")
    owner = str(asked) if asked is not None else principal.user_id
    if owner is None:
        raise PayloadInvalid([{"field": "userId", "message": "Your token names no user; say whose brand it is."}])
    return owner
