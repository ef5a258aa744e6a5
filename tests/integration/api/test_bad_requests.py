"""What never reaches the database: the documented answer each time, and no row left behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import jwt
import pytest

from .conftest import OWNER, ROUTES, Host, refused


@pytest.fixture
def host(sqlite_host: Host) -> Host:
    return sqlite_host


@pytest.mark.parametrize("route", ROUTES)
async def test_a_field_that_does_not_fit_is_named(host: Host, brand: str, route: str) -> None:
    for change, field in (
        ({"count": 0}, "count"),
        ({"count": 9}, "count"),
        ({"count": "many"}, "count"),
        ({"text": ""}, "text"),
        ({"text": None}, "text"),
        ({"text": 5}, "text"),
        ({"brandId": "not-a-uuid"}, "brandId"),
        ({"colors": "red"}, "colors"),
        ({"colors": ["red", 5]}, "colors.1"),
        ({"colour": "red"}, "colour"),
    ):
        error = await refused(host, route, {"brandId": brand, "text": "hi", **change}, 400)
        assert error["error"] == "Validation failed"
        assert [detail["field"] for detail in error["details"]] == [field]
        assert all(detail["message"] for detail in error["details"])


@pytest.mark.parametrize("route", ROUTES)
async def test_a_body_that_is_no_such_object_is_refused(host: Host, brand: str, route: str) -> None:
    before = await host.rows()
    for raw in (b"", b"{}", b"{", b"[]", b'"text"', b"\xff\xfe", b'{"text": NaN}', b"[" * 5000):
        answer = await host.http.post(route, content=raw, headers=host.headers())
        assert (answer.status_code, answer.json()["error"]) == (400, "Validation failed"), raw[:20]
        assert answer.json()["details"], raw[:20]
    assert await host.rows() == before


@pytest.mark.parametrize("route", [*ROUTES, "/api/v1/jobs/nobody-knows"])
async def test_only_a_good_token_gets_in(host: Host, brand: str, route: str) -> None:
    forged = jwt.encode({"sub": OWNER, "exp": time.time() + 60}, "x" * 40, algorithm="HS256")
    unsigned = jwt.encode({"sub": OWNER, "exp": time.time() + 60}, None, algorithm="none")
    secret = host.api.settings.secret_key.get_secret_value()
    endless = jwt.encode({"sub": OWNER}, secret, algorithm="HS256")
    before = await host.rows()
    for header, words in (
        ({}, "Authentication required"),
        ({"Authorization": "Basic abc"}, "Authentication required"),
        ({"Authorization": "Bearer"}, "Authentication required"),
        ({"Authorization": "Bearer nonsense"}, "Authentication failed: invalid token"),
        ({"Authorization": f"Bearer {host.token(ttl_s=-60)}"}, "Authentication failed: the token has expired"),
        ({"Authorization": f"Bearer {forged}"}, "Authentication failed: invalid token"),
        ({"Authorization": f"Bearer {unsigned}"}, "Authentication failed: invalid token"),
        ({"Authorization": f"Bearer {endless}"}, "Authentication failed: invalid token"),
    ):
        answer = await host.http.post(route, json={"brandId": brand, "text": "hi"}, headers=header)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), header
        assert answer.json()["error"].startswith(words)
        assert list(answer.json()) == ["error"]
    assert await host.rows() == before


async def test_wrong_delays_and_priorities_are_named(host: Host, brand: str) -> None:
    for field, values in (("priority", ("2", "-1", "high", "99999")), ("delay", ("-1", "nan", "inf", "1e99", "soon"))):
        for value in values:
            error = await refused(host, f"{ROUTES[0]}?{field}={value}", {"brandId": brand, "text": "hi"}, 400)
            assert error["error"] == "Validation failed"
            assert [detail["field"] for detail in error["details"]] == [field]


async def test_a_key_that_is_none_is_named(host: Host, brand: str) -> None:
    for key in ("", "x" * 256, "a b"):
        error = await refused(host, ROUTES[0], {"brandId": brand, "text": "hi"}, 400, **{"Idempotency-Key": key})
        assert [detail["field"] for detail in error["details"]] == ["Idempotency-Key"]


async def test_two_megabytes_are_too_much(host: Host, brand: str) -> None:
    before = await host.rows()
    body = {"brandId": brand, "text": "hi", "colors": ["x" * 2_000_000]}
    for route in (*ROUTES, "/api/v1/brands"):
        answer = await host.post(route, body)
        assert (answer.status_code, answer.json()) == (413, {"error": "The body is too large; at most 1 MB go here"})
    assert (await host.post("/api/v1/jobs/nobody-knows", body)).status_code == 404  # its body is never looked at
    assert await host.rows() == before


async def test_a_body_of_no_announced_length_is_cut_off_at_the_limit(host: Host, brand: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 50_000

    before = await host.rows()
    answer = await host.http.post(ROUTES[0], content=pieces(), headers=host.headers())
    assert (answer.status_code, await host.rows()) == (413, before)


async def test_an_announced_length_is_refused_before_anything_is_sent(host: Host) -> None:
    address = urlsplit(host.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = (f"POST {ROUTES[0]} HTTP/1.1", "Host: x", f"Authorization: Bearer {host.token()}", "Content-Length: 2000000")
    writer.write("\r\n".join((*head, "", "")).encode())
    async with asyncio.timeout(5):
        assert b" 413 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_routes_and_methods_that_do_not_exist(host: Host) -> None:
    for method, path, code in (
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/nothing", 404),
        ("DELETE", "/api/v1/jobs", 405),
        ("GET", "/api/v1/generation/echoes", 405),
        ("PUT", "/api/v1/brands", 405),
    ):
        answer = await host.http.request(method, path, headers=host.headers())
        assert answer.status_code == code, path
        assert list(answer.json()) == ["error"]
        if code == 405:
            assert "allow" in answer.headers
    assert (await host.http.head("/nothing")).status_code == 404
