"""Bad input over the wire: the documented answer each time, and no row left behind in the real database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest

from .people import LOGOS, Caller, logo_request
from .rows import Rows
from .system import Host

JOBS = "/api/v1/jobs/logo-generation"
WRONG = [
    ({"count": 9}, "count"),
    ({"count": "four"}, "count"),
    ({"logoStyle": "baroque"}, "logoStyle"),
    ({"colorPalette": []}, "colorPalette"),
    ({"colorPalette": ["red", 5]}, "colorPalette.1"),
    ({"brandName": None}, "brandName"),
    ({"brandVision": "x" * 2001}, "brandVision"),
    ({"brandId": "not-a-uuid"}, "brandId"),
    ({"colour": "red"}, "colour"),
]


@pytest.fixture(scope="module")
def poor(host: Host, admin: Caller) -> Iterator[Caller]:
    """Somebody with 3 credits."""
    with Caller.user(host) as poor:
        admin.grant(poor, 3)
        yield poor


@pytest.fixture(scope="module")
def poor_brand(poor: Caller) -> str:
    return poor.brand()


@pytest.fixture(autouse=True)
def _nothing_is_left(admin: Caller, user: Caller, brand: str, poor_brand: str, rows: Rows) -> Iterator[None]:
    """No refused request may change a table's number of rows, or the caller's credits."""
    admin.all_ended()
    before, credits = rows.counts(), user.credits()
    yield
    assert rows.counts() == before
    assert user.credits() == credits


@pytest.mark.parametrize("route", [LOGOS, JOBS])
@pytest.mark.parametrize(("change", "field"), WRONG, ids=[field for _, field in WRONG])
def test_a_field_that_does_not_fit_is_named(
    user: Caller, brand: str, route: str, change: dict[str, Any], field: str
) -> None:
    refusal = user.post(route, logo_request(brand, **change), 400)
    assert refusal["error"] == "Validation failed"
    assert [detail["field"] for detail in refusal["details"]] == [field]


@pytest.mark.parametrize("route", [LOGOS, JOBS])
def test_a_missing_field_is_named(user: Caller, brand: str, route: str) -> None:
    body = logo_request(brand)
    del body["brandName"]
    assert [detail["field"] for detail in user.post(route, body, 400)["details"]] == ["brandName"]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"text"', b"\xff\xfe"], ids=repr)
def test_what_is_no_json_object_is_refused(user: Caller, raw: bytes) -> None:
    answer = user.http.post(LOGOS, content=raw, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (400, "Validation failed")


@pytest.mark.parametrize("route", [LOGOS, JOBS])
def test_another_users_brand_is_not_found(user: Caller, poor_brand: str, route: str) -> None:
    for brand in (poor_brand, str(uuid4())):
        assert user.post(route, logo_request(brand), 404) == {"error": "Brand not found"}


@pytest.mark.parametrize("route", [LOGOS, JOBS])
def test_another_users_name_is_forbidden(user: Caller, poor: Caller, brand: str, route: str) -> None:
    assert list(user.post(route, logo_request(brand, userId=poor.user_id), 403)) == ["error"]


def test_without_a_token_the_answer_is_401(host: Host, brand: str) -> None:
    answer = httpx.post(host.url + LOGOS, json=logo_request(brand))
    assert (answer.status_code, list(answer.json())) == (401, ["error"])
    assert answer.json()["error"].startswith("Authentication required")


@pytest.mark.parametrize(
    ("claims", "secret"),
    [({"exp": time.time() - 60}, None), ({}, "another secret of more than thirty-two letters")],
    ids=["expired", "forged"],
)
def test_a_token_that_is_not_good_is_answered_401(
    host: Host, user: Caller, brand: str, claims: dict[str, Any], secret: str | None
) -> None:
    ours = host.env["WORKHALL_SECRET_KEY"]
    good = jwt.decode(user.token, ours, algorithms=["HS256"], options={"verify_aud": False})
    token = jwt.encode({**good, **claims}, secret or ours, algorithm="HS256")
    answer = httpx.post(host.url + LOGOS, json=logo_request(brand), headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, list(answer.json())) == (401, ["error"])
    assert answer.json()["error"].startswith("Authentication failed")


def test_too_few_credits_are_answered_402_with_how_many(poor: Caller, poor_brand: str) -> None:
    for route in (LOGOS, JOBS):
        refusal = poor.post(route, logo_request(poor_brand, count=4), 402)
        assert refusal == {"error": "Insufficient credits", "required": 4, "available": 3}
    assert poor.credits() == {"creditsRemaining": 3, "creditsUsed": 0, "creditsReserved": 0}


def test_an_unknown_queue_is_answered_with_those_that_there_are(user: Caller) -> None:
    refusal = user.post("/api/v1/jobs/logo-generatoin", {}, 404)
    assert refusal.keys() == {"error", "available"}
    assert {"image-upload", "logo-generation"} <= set(refusal["available"])


def test_two_megabytes_are_too_much(user: Caller, brand: str) -> None:
    for route in (LOGOS, JOBS):
        assert list(user.post(route, logo_request(brand, brandVision="x" * 2_000_000), 413)) == ["error"]


def test_a_user_may_not_dispatch_to_a_services_queue(user: Caller, brand: str) -> None:
    upload = {"brandId": brand, "assetType": "logo", "sourceUrl": "https://example.com/a.png", "fileName": "a.png"}
    assert list(user.post("/api/v1/jobs/image-upload", upload, 403)) == ["error"]


def test_a_priority_before_the_queues_own_is_refused(user: Caller, brand: str) -> None:
    refusal = user.post(f"{JOBS}?priority=0", logo_request(brand), 400)
    assert [detail["field"] for detail in refusal["details"]] == ["priority"]
