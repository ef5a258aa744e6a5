"""Downloads from a real loopback server that answers errors, drips, hangs, breaks off or talks nonsense."""

from __future__ import annotations

import asyncio
import io
import time

import httpx
import pytest
from workhall.providers.client import guarded_client
from workhall.providers.download import (
    DownloadError,
    SourceExpired,
    SourceRefused,
    SourceUnavailable,
    download,
)

from .conftest import BODY, Script, Source, assert_plain_sentence, drips, silence

# --- statuses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "meaning"),
    [(code, SourceExpired) for code in (403, 404, 410)]
    + [(code, SourceUnavailable) for code in (408, 425, 429, 500, 502, 503, 504, 529)]
    + [(code, SourceRefused) for code in (201, 204, 206, 300, 304, 400, 401, 402, 405, 406, 418, 451)],
)
async def test_what_a_status_means(
    source: Source, client: httpx.AsyncClient, status: int, meaning: type[DownloadError]
) -> None:
    source.says(status)
    with pytest.raises(meaning, match=f"127.0.0.1 answered {status}") as caught:
        await download(client, source.url(), into=io.BytesIO())
    assert type(caught.value) is meaning
    assert_plain_sentence(caught.value)


def test_the_three_meanings_are_all_there_are() -> None:
    assert set(DownloadError.__subclasses__()) == {SourceRefused, SourceExpired, SourceUnavailable}
    assert not any(kind.__subclasses__() for kind in DownloadError.__subclasses__())


# --- time and broken connections ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "then"),
    [
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", drips),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", drips),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", silence),
        (b"", silence),
    ],
    ids=["drip body", "drip head", "silent body", "silent head"],
)
async def test_the_deadline_covers_everything(
    source: Source, client: httpx.AsyncClient, head: bytes, then: Script
) -> None:
    source.sends(head, then=then)
    started = time.monotonic()
    with pytest.raises(SourceUnavailable, match=r"127\.0\.0\.1 did not deliver the file within 0\.3 s\.") as caught:
        await download(client, source.url(), into=io.BytesIO(), deadline_s=0.3)
    assert time.monotonic() - started < 3
    assert_plain_sentence(caught.value)
    await asyncio.wait_for(source.hung_up.wait(), 5)


async def test_redirects_share_the_deadline(source: Source, client: httpx.AsyncClient) -> None:
    source.says(302, Location="/slow")
    source.sends(path="/slow", then=silence)
    with pytest.raises(SourceUnavailable, match=r"within 0\.2 s"):
        await download(client, source.url(), into=io.BytesIO(), deadline_s=0.2)


async def test_one_silent_read_has_its_own_limit(
    source: Source, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workhall.providers.download.READ_TIMEOUT_S", 0.2)
    source.sends(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", then=silence)
    async with asyncio.timeout(5):
        with pytest.raises(SourceUnavailable, match=r"127\.0\.0\.1 did not answer in time"):
            await download(client, source.url(), into=io.BytesIO())


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-", b"SSH-2.0-OpenSSH_9.6\r\n\r\n", b"\x16\x03\x01"]
)
async def test_an_answer_that_is_no_http_is_worth_another_try(
    source: Source, client: httpx.AsyncClient, answer: bytes
) -> None:
    source.sends(answer)
    with pytest.raises(SourceUnavailable, match=r"The connection to 127\.0\.0\.1 failed") as caught:
        await download(client, source.url(), into=io.BytesIO())
    assert_plain_sentence(caught.value)


async def test_a_source_that_is_down_is_worth_another_try(source: Source, client: httpx.AsyncClient) -> None:
    async with Source.open() as gone:
        url = gone.url()
    async with guarded_client(frozenset({("127.0.0.1", gone.port)})) as other:
        with pytest.raises(SourceUnavailable, match=r"failed \(ConnectError\)"):
            await download(other, url, into=io.BytesIO())


async def test_tls_to_a_server_without_tls_is_worth_another_try() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with guarded_client(frozenset({("127.0.0.1", port)})) as client:
            with pytest.raises(SourceUnavailable, match=r"failed \(ConnectError\)"):
                await download(client, f"https://127.0.0.1:{port}/", into=io.BytesIO())


async def test_cancelling_stops_the_download_and_stays_a_cancellation(
    source: Source, client: httpx.AsyncClient
) -> None:
    begun = asyncio.Event()

    class Target(io.BytesIO):
        def write(self, data: bytes, /) -> int:  # type: ignore[override]
            begun.set()
            return super().write(data)

    source.sends(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", then=drips)
    task = asyncio.create_task(download(client, source.url(), into=Target()))
    await asyncio.wait_for(begun.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(source.hung_up.wait(), 5)


async def test_a_full_disk_is_not_blamed_on_the_source(source: Source, client: httpx.AsyncClient) -> None:
    class Full(io.BytesIO):
        def write(self, _: bytes, /) -> int:  # type: ignore[override]
            raise OSError(28, "No space left on device")

    source.says(200, BODY)
    with pytest.raises(OSError, match="No space left"):
        await download(client, source.url(), into=Full())
