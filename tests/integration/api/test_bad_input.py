"""What the database refuses: the documented answer each time, and no row left behind."""

from __future__ import annotations

from uuid import uuid4

import pytest
from workhall.jobs.store.queues import remember_queues

from .conftest import ROUTES, STRANGER, Host, refused


@pytest.mark.parametrize("route", ROUTES)
async def test_another_users_brand_and_name_are_refused(host: Host, brand: str, route: str) -> None:
    theirs = await host.brand(STRANGER)
    assert await refused(host, route, {"brandId": theirs, "text": "hi"}, 404) == {"error": "Brand not found"}
    unknown = {"brandId": str(uuid4()), "text": "hi"}
    assert await refused(host, route, unknown, 404) == {"error": "Brand not found"}
    in_their_name = {"brandId": brand, "text": "hi", "userId": STRANGER}
    assert "another user's name" in (await refused(host, route, in_their_name, 403))["error"]


@pytest.mark.parametrize("route", ROUTES)
async def test_without_enough_credits_the_answer_says_how_many(host: Host, route: str) -> None:
    body = {"brandId": await host.brand(), "text": "hi", "count": 4}
    assert await refused(host, route, body, 402) == {"error": "Insufficient credits", "required": 4, "available": 0}
    await host.grant(3)
    assert await refused(host, route, body, 402) == {"error": "Insufficient credits", "required": 4, "available": 3}


async def test_a_queue_that_nobody_knows_is_answered_with_those_that_there_are(host: Host) -> None:
    error = await refused(host, "/api/v1/jobs/logo-generatoin", {}, 404)
    assert error == {
        "error": 'Queue "logo-generatoin" not found',
        "available": ["batch", "echo-chamber", "image-upload", "rude", "signed"],
    }
    for strange in ("%00", "a%20b", "Logo", "x" * 300):
        assert "available" in await refused(host, f"/api/v1/jobs/{strange}", {}, 404)


async def test_a_queue_that_is_known_but_not_served_is_answered_with_the_reason(host: Host) -> None:
    assert await refused(host, "/api/v1/jobs/sick-queue", {}, 409) == {"error": "It raises on import."}
    await host.store.database.write(lambda connection: remember_queues(connection, {"gone": "workhall-gone"}))
    error = await refused(host, "/api/v1/jobs/gone", {}, 409)
    assert "workhall-gone" in error["error"]
    assert "not installed" in error["error"]


async def test_who_may_not_dispatch_is_refused(host: Host, brand: str) -> None:
    refusal = await refused(host, "/api/v1/jobs/image-upload", {"sourceUrl": "x"}, 403)
    assert refusal == {"error": 'Your role may not submit to the queue "image-upload".'}
    await refused(host, "/api/v1/jobs/signed", {"eventId": "x"}, 403, user=None, role="admin")
    for route in ROUTES:
        await refused(host, route, {"brandId": brand, "text": "hi"}, 403, role="viewer")
