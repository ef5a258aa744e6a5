"""Brands and their assets: the small model that jobs hang on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import Connection, Row, Select, Table, insert, select, tuple_, update

from workhall.jobs.ids import now_ms, uuid7
from workhall.jobs.tables import brand_assets, brands
from workhall.sdk.services import Asset, Brand

__all__ = [
    "change_brand",
    "create_brand",
    "list_assets",
    "list_brands",
    "read_asset",
    "read_brand",
    "select_asset",
]

Cursor = tuple[int, str]


def create_brand(connection: Connection, user_id: str, name: str, details: Mapping[str, Any]) -> Brand:
    """Insert a brand in status ``draft``."""
    at = now_ms()
    brand = Brand(str(uuid7(at)), user_id, name, "draft", details, at, at)
    connection.execute(insert(brands).values({**brand._asdict(), "details": orjson.dumps(dict(details)).decode()}))
    return brand


def change_brand(connection: Connection, brand_id: str, changes: Mapping[str, Any]) -> Brand | None:
    """Set ``name``, ``status`` or ``details`` (merged); None where there is no such brand."""
    known = read_brand(connection, brand_id)
    if known is None:
        return None
    values = dict(changes)
    if "details" in values:
        values["details"] = orjson.dumps({**known.details, **values["details"]}).decode()
    connection.execute(update(brands).where(brands.c.id == brand_id).values(**values, updated_at=now_ms()))
    return read_brand(connection, brand_id)


def read_brand(connection: Connection, brand_id: str) -> Brand | None:
    """Return the brand, or None."""
    row = connection.execute(select(brands).where(brands.c.id == brand_id)).first()
    return _brand(row) if row else None


def list_brands(connection: Connection, user_id: str | None, before: Cursor | None, limit: int) -> list[Brand]:
    """Return a page of the user's brands (None: everybody's), newest first, below the cursor ``before``."""
    statement = _page(brands, before, limit)
    if user_id is not None:
        statement = statement.where(brands.c.user_id == user_id)
    return [_brand(row) for row in connection.execute(statement)]


def read_asset(connection: Connection, asset_id: str) -> tuple[Asset, str] | None:
    """Return the asset and its brand's user, or None."""
    row = connection.execute(
        select(brand_assets, brands.c.user_id)
        .join(brands, brands.c.id == brand_assets.c.brand_id)
        .where(brand_assets.c.id == asset_id)
    ).first()
    return (_asset(row), row.user_id) if row else None


def list_assets(
    connection: Connection, brand_id: str, asset_type: str | None, before: Cursor | None, limit: int
) -> list[Asset]:
    """Return a page of a brand's assets, newest first."""
    statement = _page(brand_assets, before, limit).where(brand_assets.c.brand_id == brand_id)
    if asset_type is not None:
        statement = statement.where(brand_assets.c.asset_type == asset_type)
    return [_asset(row) for row in connection.execute(statement)]


def select_asset(connection: Connection, asset_id: str, selected: bool) -> None:
    """Mark an asset as chosen, or not."""
    connection.execute(update(brand_assets).where(brand_assets.c.id == asset_id).values(is_selected=selected))


def _page(table: Table, before: Cursor | None, limit: int) -> Select[Any]:
    statement = select(table).order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
    return statement if before is None else statement.where(tuple_(table.c.created_at, table.c.id) < before)


def _brand(row: Row[Any]) -> Brand:
    details = orjson.loads(row.details)
    return Brand(row.id, row.user_id, row.name, row.status, details, row.created_at, row.updated_at)


def _asset(row: Row[Any]) -> Asset:
    return Asset(
        row.id,
        row.brand_id,
        row.asset_type,
        row.url,
        row.thumbnail_url,
        orjson.loads(row.metadata),
        row.is_selected,
        row.created_at,
    )
