"""Downloads against a real loopback server: what works, and what is refused for its size, encoding or place."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import tempfile
from collections.abc import Callable

import httpx
import pytest
from workhall.providers.client import MAX_REDIRECTS
from workhall.providers.download import (
    Downloaded,
    SourceRefused,
    SourceUnavailable,
    download,
)

from .conftest import BODY, Source, assert_plain_sentence, endless_bytes, silence

# --- what works ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("open_target", [io.BytesIO, tempfile.TemporaryFile, tempfile.SpooledTemporaryFile])
async def test_a_file_is_written_counted_and_hashed(
    source: Source, client: httpx.AsyncClient, open_target: Callable[[], io.BytesIO]
) -> None:
    source.says(200, BODY)
    with open_target() as into:
        got = await download(client, source.url(), into=into)
        into.seek(0)
        assert into.read() == BODY
    assert got == Downloaded(len(BODY), hashlib.sha256(BODY).hexdigest())
    assert "accept-encoding: identity\r\n" in source.heads[0].lower()


async def test_a_body_of_unknown_length_is_streamed(source: Source, client: httpx.AsyncClient) -> None:
    source.sends(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", BODY)
    into = io.BytesIO()
    assert (await download(client, source.url(), into=into)).size == len(BODY)


async def test_a_file_of_exactly_the_limit_is_accepted(source: Source, client: httpx.AsyncClient) -> None:
    source.says(200, BODY)
    assert (await download(client, source.url(), into=io.BytesIO(), max_bytes=len(BODY))).size == len(BODY)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(source: Source, client: httpx.AsyncClient, status: int) -> None:
    source.says(status, Location="/next")
    source.says(200, BODY, path="/next")
    assert (await download(client, source.url(), into=io.BytesIO())).size == len(BODY)


async def test_the_body_of_a_redirect_is_never_read(source: Source, client: httpx.AsyncClient) -> None:
    source.sends(b"HTTP/1.1 302 x\r\nLocation: /next\r\nConnection: close\r\n\r\n", then=endless_bytes)
    source.says(200, BODY, path="/next")
    assert (await download(client, source.url(), into=io.BytesIO())).size == len(BODY)
    await asyncio.wait_for(source.hung_up.wait(), 5)


# --- refused: size and encoding -----------------------------------------------------------------------------------


async def test_an_announced_size_over_the_limit_is_refused_before_the_body(
    source: Source, client: httpx.AsyncClient
) -> None:
    source.sends(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", then=silence)
    into = io.BytesIO()
    with pytest.raises(SourceRefused, match="larger than the 1000 bytes") as caught:
        await download(client, source.url(), into=into, max_bytes=1000)
    assert_plain_sentence(caught.value)
    assert into.getvalue() == b""
    await asyncio.wait_for(source.hung_up.wait(), 5)


async def test_an_endless_body_is_cut_off_at_the_limit(source: Source, client: httpx.AsyncClient) -> None:
    source.sends(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", then=endless_bytes)
    into = io.BytesIO()
    with pytest.raises(SourceRefused, match="larger than the 1000000 bytes"):
        await download(client, source.url(), into=into, max_bytes=1_000_000)
    assert len(into.getvalue()) <= 1_000_000
    await asyncio.wait_for(source.hung_up.wait(), 5)


async def test_a_chunked_endless_body_is_cut_off_too(source: Source, client: httpx.AsyncClient) -> None:
    async def chunks(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"1000\r\n" + bytes(0x1000) + b"\r\n")
            await writer.drain()

    source.sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", then=chunks)
    with pytest.raises(SourceRefused, match="larger than"):
        await download(client, source.url(), into=io.BytesIO(), max_bytes=100_000)


async def test_a_content_length_that_promises_too_little_counts_for_nothing_more(
    source: Source, client: httpx.AsyncClient
) -> None:
    source.sends(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", then=endless_bytes)
    assert (await download(client, source.url(), into=io.BytesIO(), max_bytes=1000)).size == 10
    await asyncio.wait_for(source.hung_up.wait(), 5)


async def test_a_body_shorter_than_announced_is_worth_another_try(source: Source, client: httpx.AsyncClient) -> None:
    source.says(200, BODY, Content_Length=str(len(BODY) + 1))
    with pytest.raises(SourceUnavailable, match=r"The connection to 127\.0\.0\.1 failed") as caught:
        await download(client, source.url(), into=io.BytesIO())
    assert_plain_sentence(caught.value)


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "5, 6", "٣"])
async def test_a_content_length_that_is_no_number_is_not_believed(
    source: Source, client: httpx.AsyncClient, length: str
) -> None:
    source.sends(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode(), BODY)
    with pytest.raises(SourceUnavailable):
        await download(client, source.url(), into=io.BytesIO())


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "x-gzip", "GZIP", "identity, gzip"])
async def test_an_encoded_body_is_refused(source: Source, client: httpx.AsyncClient, encoding: str) -> None:
    source.says(200, gzip.compress(bytes(1_000_000)), Content_Encoding=encoding)
    into = io.BytesIO()
    with pytest.raises(SourceRefused, match="compressed body") as caught:
        await download(client, source.url(), into=into)
    assert_plain_sentence(caught.value)
    assert into.getvalue() == b""


async def test_identity_is_no_encoding(source: Source, client: httpx.AsyncClient) -> None:
    source.says(200, BODY, Content_Encoding="identity")
    assert (await download(client, source.url(), into=io.BytesIO())).size == len(BODY)


# --- refused: places ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1/",
        "http://localhost:80/",
        "http://[::1]/",
        "http://2130706433/",
        "http://10.0.0.1:443/",
        "https://[::ffff:127.0.0.1]/",
        "file:///etc/passwd",
        "ftp://example.com/x",
        "ws://127.0.0.1/",
        "http://user:s3cret@example.com/",
    ],
)
async def test_a_redirect_to_a_forbidden_place_is_refused(
    source: Source, client: httpx.AsyncClient, target: str
) -> None:
    source.says(302, Location=target)
    with pytest.raises(SourceRefused) as caught:
        await download(client, source.url(), into=io.BytesIO())
    assert_plain_sentence(caught.value)
    assert len(source.heads) == 1


async def test_a_redirect_to_another_port_of_an_allowed_host_is_refused(
    source: Source, client: httpx.AsyncClient
) -> None:
    async with Source.open() as inner:
        inner.says(200, b"internal")
        source.says(302, Location=inner.url())
        with pytest.raises(SourceRefused, match=f"Port {inner.port} of 127.0.0.1 is not allowed"):
            await download(client, source.url(), into=io.BytesIO())
    assert inner.heads == []


@pytest.mark.parametrize("hops", [MAX_REDIRECTS, MAX_REDIRECTS + 1])
async def test_redirects_end_after_three(source: Source, client: httpx.AsyncClient, hops: int) -> None:
    for hop in range(hops):
        source.says(302, path=f"/{hop}", Location=f"/{hop + 1}")
    source.says(200, BODY, path=f"/{hops}")
    if hops == MAX_REDIRECTS:
        assert (await download(client, source.url("/0"), into=io.BytesIO())).size == len(BODY)
    else:
        with pytest.raises(SourceRefused, match="redirects more than 3 times"):
            await download(client, source.url("/0"), into=io.BytesIO())
    assert len(source.heads) == 1 + MAX_REDIRECTS


@pytest.mark.parametrize(
    "url",
    [
        "",
        "not a url",
        "http://",
        "http:///etc/passwd",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "http://[::1",
        "http://0177.0.0.1/",
        "http://example.com:99999/",
        "http://exa\0mple.com/",
        "http://user:s3cret@127.0.0.1/",
        "http://" + "a" * 64 + ".example/",
        "http://127.0.0.1:1/?sig=s3cret",
        "http://169.254.169.254/?sig=s3cret",
    ],
)
async def test_urls_that_lead_nowhere_good_are_refused(client: httpx.AsyncClient, url: str) -> None:
    with pytest.raises(SourceRefused) as caught:
        await download(client, url, into=io.BytesIO())
    assert_plain_sentence(caught.value)
