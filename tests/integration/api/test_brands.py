"""Brands, assets and credits."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert
from workhall.jobs.ids import now_ms, uuid7
from workhall.jobs.tables import brand_assets

from .conftest import OWNER, STRANGER, Host


async def add_asset(host: Host, brand: str, url: str = "storage:a.png", **fields: Any) -> str:
    values = {
        "id": str(uuid7()),
        "brand_id": brand,
        "asset_type": "logo",
        "url": url,
        "metadata": '{"style":"bold"}',
        "created_at": now_ms(),
        **fields,
    }
    await host.store.database.write(lambda connection: connection.execute(insert(brand_assets).values(**values)))
    return str(values["id"])


async def test_a_brand_is_made_shown_listed_and_changed(host: Host) -> None:
    made = await host.post("/api/v1/brands", {"name": "  Müller & Co ", "details": {"vision": "grün"}})
    assert made.status_code == 201, made.text
    brand = made.json()
    assert (brand["name"], brand["status"], brand["userId"]) == ("Müller & Co", "draft", OWNER)
    assert brand["createdAt"].endswith("Z")
    path = f"/api/v1/brands/{brand['id']}"
    assert (await host.get(path)).json() == brand

    changed = await host.patch(path, {"status": "complete", "details": {"archetype": "sage"}})
    assert changed.status_code == 200
    assert changed.json()["details"] == {"vision": "grün", "archetype": "sage"}
    assert (changed.json()["status"], changed.json()["name"]) == ("complete", "Müller & Co")
    assert (await host.get("/api/v1/brands")).json() == {"brands": [changed.json()], "nextCursor": None}


async def test_a_brand_of_somebody_else_does_not_exist(host: Host) -> None:
    path = f"/api/v1/brands/{await host.brand(STRANGER)}"
    absent = f"/api/v1/brands/{uuid4()}"
    for tried in (path, absent):
        for answer in (
            await host.get(tried),
            await host.patch(tried, {"name": "Mine"}),
            await host.get(f"{tried}/assets"),
        ):
            assert (answer.status_code, answer.json()) == (404, {"error": "Brand not found"})
    assert (await host.get("/api/v1/brands")).json()["brands"] == []
    assert (await host.get(path, None, "admin")).json()["name"] == "Acme"
    assert (await host.get("/api/v1/brands/not-a-uuid")).status_code == 404


async def test_wrong_brands_are_refused_and_leave_nothing_behind(host: Host) -> None:
    for body, field in (
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": 5}, "name"),
        ({"name": "x", "colour": "red"}, "colour"),
        ({"name": "x", "details": []}, "details"),
        ({"name": "x", "userId": "me"}, "userId"),
    ):
        answer = await host.post("/api/v1/brands", body)
        assert (answer.status_code, answer.json()["error"]) == (400, "Validation failed"), body
        assert [detail["field"] for detail in answer.json()["details"]] == [field]
    assert (await host.post("/api/v1/brands", {"name": "x", "userId": STRANGER})).status_code == 403
    assert (await host.post("/api/v1/brands", {"name": "x"}, role="viewer")).status_code == 403
    assert (await host.post("/api/v1/brands", {"name": "x"}, user=None, role="admin")).status_code == 400
    deep = '{"name": "x", "details": ' + '{"a":' * 300 + "1" + "}" * 300 + "}"
    answer = await host.http.post("/api/v1/brands", content=deep, headers=host.headers())
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, "details")
    assert (await host.get("/api/v1/brands", None, "admin")).json()["brands"] == []


async def test_wrong_changes_are_refused(host: Host) -> None:
    path = f"/api/v1/brands/{await host.brand()}"
    for body in ({}, {"name": None}, {"name": ""}, {"status": "DONE!"}, {"id": str(uuid4())}, {"userId": STRANGER}):
        assert (await host.patch(path, body)).status_code == 400, body
    assert (await host.patch(path, {"name": "x"}, role="viewer")).status_code == 403
    assert (await host.get(path)).json()["name"] == "Acme"


async def test_a_service_makes_a_brand_for_a_user(host: Host) -> None:
    made = await host.post("/api/v1/brands", {"name": "For you", "userId": STRANGER}, user=None, role="service")
    assert made.status_code == 201
    assert [one["id"] for one in (await host.get("/api/v1/brands", STRANGER)).json()["brands"]] == [made.json()["id"]]


def in_order(records: list[dict[str, Any]]) -> list[str]:
    """The ids, sorted, of records that come newest first; several may be of one millisecond."""
    keys = [(one["createdAt"], one["id"]) for one in records]
    assert keys == sorted(keys, reverse=True)
    return sorted(one["id"] for one in records)


async def test_brands_and_assets_come_in_pages(host: Host) -> None:
    brands = [await host.brand(name=f"Brand {number}") for number in range(5)]
    first = (await host.get("/api/v1/brands?limit=3")).json()
    second = (await host.get(f"/api/v1/brands?limit=3&cursor={first['nextCursor']}")).json()
    assert in_order(first["brands"] + second["brands"]) == sorted(brands)
    assert second["nextCursor"] is None

    assets = [await add_asset(host, brands[0]) for _ in range(4)]
    path = f"/api/v1/brands/{brands[0]}/assets"
    first = (await host.get(f"{path}?limit=3")).json()
    second = (await host.get(f"{path}?limit=3&cursor={first['nextCursor']}")).json()
    assert in_order(first["assets"] + second["assets"]) == sorted(assets)
    assert (await host.get(f"{path}?cursor=rubbish")).status_code == 400


async def test_assets_are_listed_by_type_and_chosen(host: Host) -> None:
    brand = await host.brand()
    logo = await add_asset(host, brand, thumbnail_url="storage:a-small.png")
    await add_asset(host, brand, asset_type="mockup")
    listed = (await host.get(f"/api/v1/brands/{brand}/assets?assetType=logo")).json()["assets"]
    assert [one["id"] for one in listed] == [logo]
    assert list(listed[0]) == [
        *("id", "brandId", "assetType", "url", "thumbnailUrl", "metadata", "isSelected", "createdAt")
    ]
    assert (listed[0]["metadata"], listed[0]["isSelected"]) == ({"style": "bold"}, False)
    assert listed[0]["url"].startswith(f"{host.url}/files/{logo}?")
    assert listed[0]["thumbnailUrl"] != listed[0]["url"]

    chosen = await host.patch(f"/api/v1/assets/{logo}", {"isSelected": True})
    assert (chosen.status_code, chosen.json()["isSelected"]) == (200, True)
    assert (await host.get(f"/api/v1/brands/{brand}/assets?assetType=logo")).json()["assets"][0]["isSelected"] is True

    for body in ({}, {"isSelected": "yes"}, {"isSelected": True, "url": "x"}):
        assert (await host.patch(f"/api/v1/assets/{logo}", body)).status_code == 400, body
    theirs = await host.patch(f"/api/v1/assets/{logo}", {"isSelected": False}, STRANGER)
    assert (theirs.status_code, theirs.json()) == (404, {"error": "Asset not found"})
    assert (await host.patch(f"/api/v1/assets/{uuid4()}", {"isSelected": False})).status_code == 404


async def test_credits_are_granted_by_admins_only(host: Host) -> None:
    assert (await host.get("/api/v1/credits")).json() == {
        "creditsRemaining": 0,
        "creditsUsed": 0,
        "creditsReserved": 0,
    }
    for role in ("user", "viewer", "operator", "service"):
        answer = await host.post("/api/v1/admin/credits", {"userId": OWNER, "amount": 5}, role=role)
        assert (answer.status_code, answer.json()) == (403, {"error": "Admin access required"})
    given = await host.post("/api/v1/admin/credits", {"userId": OWNER, "amount": 5}, user=None, role="admin")
    assert (given.status_code, given.json()["creditsRemaining"]) == (200, 5)
    taken = await host.post("/api/v1/admin/credits", {"userId": OWNER, "amount": -2}, user=None, role="admin")
    assert taken.json()["creditsRemaining"] == 3
    too_much = await host.post("/api/v1/admin/credits", {"userId": OWNER, "amount": -4}, user=None, role="admin")
    assert (too_much.status_code, too_much.json()["available"]) == (402, 3)
    assert (await host.get("/api/v1/credits")).json()["creditsRemaining"] == 3
    assert (await host.get("/api/v1/credits", None, "service")).json()["creditsRemaining"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"userId": OWNER},
        {"userId": "x", "amount": 1},
        {"userId": OWNER, "amount": True},
        {"userId": OWNER, "amount": 1e30},
    ],
)
async def test_wrong_grants_are_refused(sqlite_host: Host, body: dict[str, Any]) -> None:
    answer = await sqlite_host.post("/api/v1/admin/credits", body, user=None, role="admin")
    assert (answer.status_code, answer.json()["error"]) == (400, "Validation failed")


async def test_plugins_are_listed_for_admins(sqlite_host: Host) -> None:
    assert (await sqlite_host.get("/api/v1/admin/plugins")).status_code == 403
    assert (await sqlite_host.http.get("/api/v1/admin/plugins")).status_code == 401
    listed = (await sqlite_host.get("/api/v1/admin/plugins", None, "admin")).json()["plugins"]
    assert [(one["name"], one["state"], one["reason"]) for one in listed] == [
        ("good", "active", ""),
        ("sick", "broken", "It raises on import."),
    ]
    assert listed[1]["queues"] == ["sick-queue"]
