"""Files: who may load them, and how their bytes are sent."""

from __future__ import annotations

import time
from base64 import b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest

from .conftest import STRANGER, Host
from .test_brands import add_asset

PICTURE = bytes(range(256)) * 2000  # several pieces of a stream


@pytest.fixture
async def asset(host: Host) -> str:
    """An asset of the owner, stored, with a thumbnail."""
    url = await host.api.storage.put("brands/b/logo/one.png", PICTURE, content_type="image/png")
    small = await host.api.storage.put("brands/b/logo/one-small.webp", b"small", content_type="image/webp")
    return await add_asset(host, await host.brand(), url, thumbnail_url=small)


async def listed(host: Host, asset: str) -> dict[str, Any]:
    brand = (await host.get("/api/v1/brands")).json()["brands"][0]["id"]
    found: list[dict[str, Any]] = (await host.get(f"/api/v1/brands/{brand}/assets")).json()["assets"]
    return next(one for one in found if one["id"] == asset)


async def load(host: Host, url: str, **headers: str) -> httpx.Response:
    return await host.http.get(url, headers=headers)


async def test_a_listed_address_loads_without_a_header(host: Host, asset: str) -> None:
    record = await listed(host, asset)
    answer = await load(host, record["url"])
    assert (answer.status_code, answer.content) == (200, PICTURE)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-length"] == str(len(PICTURE))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["accept-ranges"] == "bytes"
    small = await load(host, record["thumbnailUrl"])
    assert (small.content, small.headers["content-type"]) == (b"small", "image/webp")


async def test_a_token_loads_what_is_its_users(host: Host, asset: str) -> None:
    path = f"/files/{asset}"
    assert (await host.get(path)).content == PICTURE
    assert (await host.get(f"{path}?variant=thumbnail")).content == b"small"
    assert (await host.get(path, None, "service")).status_code == 200
    for answer in (await host.get(path, STRANGER), await host.get(f"/files/{uuid4()}")):
        assert (answer.status_code, answer.json()) == (404, {"error": "Asset not found"})
    assert (await host.http.get(path)).status_code == 401
    assert (await host.http.get(f"{path}?expires=99999999999")).status_code == 401
    assert (await host.get("/files/not-a-uuid")).status_code == 404


async def test_a_signed_address_cannot_be_altered(host: Host, asset: str) -> None:
    record = await listed(host, asset)
    query = {name: values[0] for name, values in parse_qs(urlsplit(record["url"]).query).items()}
    other = await add_asset(host, record["brandId"], "storage:brands/b/logo/one.png")
    flipped = ("B" if query["signature"][0] == "A" else "A") + query["signature"][1:]
    for path, change in (
        (f"/files/{asset}", {"signature": flipped}),
        (f"/files/{asset}", {"signature": "x"}),
        (f"/files/{asset}", {"signature": "ä"}),
        (f"/files/{asset}", {"expires": str(int(query["expires"]) + 1)}),
        (f"/files/{asset}", {"variant": "thumbnail"}),
        (f"/files/{other}", {}),
        (f"/files/{uuid4()}", {}),
    ):
        answer = await host.http.get(path, params={**query, **change})
        assert answer.status_code == 403, (path, change)
        assert answer.json() == {"error": "The signature does not fit this address"}


async def test_a_signed_address_expires(host: Host, asset: str) -> None:
    now = time.time()
    good = host.api.signer.path(asset, now_s=now - 23 * 3600)
    assert (await load(host, good)).status_code == 200
    old = await load(host, host.api.signer.path(asset, now_s=now - 26 * 3600))
    assert (old.status_code, old.json()["error"].split(";")[0]) == (403, "This address has expired")


async def test_another_secret_signs_nothing_here(host: Host, asset: str) -> None:
    from pydantic import SecretStr
    from workhall.api.signing import FileSigner

    other = FileSigner(host.api.settings.model_copy(update={"secret_key": SecretStr("t" * 40)}))
    assert (await load(host, other.path(asset))).status_code == 403


@pytest.fixture
async def stored(sqlite_host: Host) -> str:
    """The signed address of a stored file of 1,000 bytes; how bytes are sent does not depend on the database."""
    url = await sqlite_host.api.storage.put("range.bin", bytes(1000 * [7])[:990] + b"0123456789", content_type="x/y")
    asset = await add_asset(sqlite_host, await sqlite_host.brand(), url)
    return sqlite_host.api.signer.path(asset)


async def test_ranges_are_served(sqlite_host: Host, stored: str) -> None:
    for asked, shown, body in (
        ("bytes=990-", "990-999", b"0123456789"),
        ("bytes=-4", "996-999", b"6789"),
        ("bytes=990-991", "990-991", b"01"),
        ("bytes=999-5000", "999-999", b"9"),
        ("bytes=0-0", "0-0", b"\x07"),
        ("bytes=-5000", "0-999", None),
    ):
        answer = await load(sqlite_host, stored, Range=asked)
        assert (answer.status_code, answer.headers["content-range"]) == (206, f"bytes {shown}/1000"), asked
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert body is None or answer.content == body


async def test_ranges_that_make_no_sense(sqlite_host: Host, stored: str) -> None:
    for asked in ("bytes=1000-", "bytes=5000-6000", "bytes=-0"):
        answer = await load(sqlite_host, stored, Range=asked)
        assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */1000"), asked
        assert "error" in answer.json()
    for asked in ("bytes=5-1", "bytes=-", "lines=1-2", "bytes=1-2,5-6", "bytes=a-b", "bytes=" + "9" * 40 + "-"):
        answer = await load(sqlite_host, stored, Range=asked)
        assert (answer.status_code, len(answer.content)) == (200, 1000), asked


async def test_what_a_client_has_is_not_sent_again(sqlite_host: Host, stored: str) -> None:
    etag = (await load(sqlite_host, stored)).headers["etag"]
    for known in (etag, f'"x", W/{etag}', "*"):
        answer = await load(sqlite_host, stored, **{"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
    assert (await load(sqlite_host, stored, **{"If-None-Match": '"x"'})).status_code == 200
    part = await load(sqlite_host, stored, **{"If-Range": etag, "Range": "bytes=0-4"})
    whole = await load(sqlite_host, stored, **{"If-Range": '"older"', "Range": "bytes=0-4"})
    assert (part.status_code, whole.status_code) == (206, 200)


async def test_a_head_request_has_the_headers_alone(sqlite_host: Host, stored: str) -> None:
    answer = await sqlite_host.http.head(stored)
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "1000", b"")
    assert (await sqlite_host.http.head(stored[:-3])).status_code == 403


async def test_what_is_not_stored_yet(sqlite_host: Host) -> None:
    host, brand = sqlite_host, await sqlite_host.brand()
    png = "data:image/png;base64," + b64encode(b"\x89PNG").decode()
    for url, code, body in (
        (png, 200, b"\x89PNG"),
        ("data:image/svg+xml,%3Csvg%2F%3E", 200, b"<svg/>"),
        ("data:text/html,<script>", 404, b"not stored yet"),
        ("data:image/png;base64,!!", 404, b"cannot be read"),
        ("https://provider.example/tmp.png", 404, b"not stored yet"),
        ("storage:nothing/here.png", 404, b"gone"),
        ("storage:../secret", 404, b"gone"),
        ("file:///etc/passwd", 404, b"no such file"),
    ):
        answer = await host.get(f"/files/{await add_asset(host, brand, url)}")
        assert answer.status_code == code, url
        assert body in answer.content, url
    assert (await host.get(f"/files/{await add_asset(host, brand)}?variant=thumbnail")).status_code == 404
    assert (await host.get(f"/files/{await add_asset(host, brand)}?variant=huge")).status_code == 400


async def test_an_empty_file_is_a_file(sqlite_host: Host) -> None:
    url = await sqlite_host.api.storage.put("empty.txt", b"", content_type="text/plain")
    answer = await sqlite_host.get(f"/files/{await add_asset(sqlite_host, await sqlite_host.brand(), url)}")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")


async def test_addresses_begin_with_the_public_url_where_one_is_set(sqlite_host: Host) -> None:
    from .conftest import serving

    settings = sqlite_host.api.settings.model_copy(update={"public_url": "https://cdn.example/hall/"})
    brand = await sqlite_host.brand()
    asset = await add_asset(sqlite_host, brand)
    async with serving(settings, sqlite_host.store, "redis://127.0.0.1:1") as host:
        listed_there = (await host.get(f"/api/v1/brands/{brand}/assets")).json()["assets"]
    assert listed_there[0]["url"].startswith(f"https://cdn.example/hall/files/{asset}?expires=")
