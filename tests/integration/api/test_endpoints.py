"""Routes that plugins declare."""

from __future__ import annotations

import pytest
from workhall.jobs.store.records import JobFilter, list_jobs

from .conftest import OWNER, STRANGER, Host
from .processors import SIGNATURE

BATCHES = "/api/v1/generation/batches"


@pytest.fixture
def host(sqlite_host: Host) -> Host:
    """How requests become jobs does not depend on the database."""
    return sqlite_host


def products(*names: str) -> list[dict[str, str]]:
    return [{"productId": f"p-{place}", "name": name} for place, name in enumerate(names)]


async def test_one_request_makes_one_job_per_product(host: Host) -> None:
    brand = await host.brand()
    answer = await host.post(BATCHES, {"brandId": brand, "products": products("mug", "cap", "bag")})
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert body["message"] == "Started 3 mockups."
    assert [job["productId"] for job in body["jobs"]] == ["p-0", "p-1", "p-2"]
    for job in body["jobs"]:
        row = (await host.get(f"/api/v1/jobs/{job['jobId']}")).json()
        assert (row["queueName"], row["userId"], row["brandId"]) == ("batch", OWNER, brand)


async def test_one_bad_product_refuses_all(host: Host) -> None:
    body = {"brandId": await host.brand(), "products": products("mug", "much too long", "bag")}
    answer = await host.post(BATCHES, body)
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, "name")
    assert (await host.rows())["generation_jobs"] == 0


async def test_a_brand_of_somebody_else_refuses_all(host: Host) -> None:
    answer = await host.post(BATCHES, {"brandId": await host.brand(STRANGER), "products": products("mug")})
    assert (answer.status_code, (await host.rows())["generation_jobs"]) == (404, 0)


async def test_the_request_model_is_checked_first(host: Host) -> None:
    brand = await host.brand()
    for body, field in (
        ({"brandId": brand, "products": []}, "products"),
        ({"brandId": brand, "products": [{"name": "x"}]}, "products.0.productId"),
        ({"brandId": brand, "products": products("x"), "userId": OWNER}, "userId"),
    ):
        answer = await host.post(BATCHES, body)
        assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, field)


async def test_an_idempotency_key_holds_for_all_jobs_of_a_request(host: Host) -> None:
    body = {"brandId": await host.brand(), "products": products("mug", "cap")}
    first, again = [await host.post(BATCHES, body, **{"Idempotency-Key": "b-1"}) for _ in range(2)]
    assert first.json() == again.json()
    assert (await host.rows())["generation_jobs"] == 2


async def test_what_a_plugin_raises_reaches_nobody(host: Host) -> None:
    body = {"brandId": await host.brand(), "products": products("crash")}
    answer = await host.post(BATCHES, body)
    assert answer.status_code == 500
    assert set(answer.json()) == {"error", "details"}
    assert "secret inside" not in answer.text
    assert answer.json()["details"]["requestId"] == answer.headers["x-request-id"]
    assert (await host.rows())["generation_jobs"] == 0


async def test_a_failing_respond_does_not_look_like_a_refusal(host: Host) -> None:
    answer = await host.post(BATCHES, {"brandId": await host.brand(), "products": products("mute", "mug")})
    assert answer.status_code == 202
    assert [job["queueName"] for job in answer.json()["jobs"]] == ["batch", "batch"]


async def test_a_signed_route_lets_nobody_in_by_token(host: Host) -> None:
    route, body = "/api/v1/webhooks/signed", {"eventId": "e-1"}
    for headers in ({}, host.headers(None, "admin"), {"X-Signature": "wrong"}):
        answer = await host.http.post(route, json=body, headers=headers)
        assert (answer.status_code, answer.json()) == (401, {"error": "The signature is wrong"})
    assert (await host.rows())["generation_jobs"] == 0
    answer = await host.http.post(route, json=body, headers={"X-Signature": SIGNATURE})
    assert answer.status_code == 202
    (row,) = await host.store.database.read(lambda connection: list_jobs(connection, JobFilter()))
    assert (row["user_id"], row["queue_name"]) == (None, "signed")
    assert (await host.get(f"/api/v1/jobs/{answer.json()['jobId']}")).status_code == 404


async def test_a_plugin_cannot_take_a_path_of_the_host(host: Host) -> None:
    answer = await host.post("/api/v1/brands", {"name": "Still the host's"})
    assert (answer.status_code, answer.json()["name"]) == (201, "Still the host's")
