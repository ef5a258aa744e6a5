"""Downloads against a real loopback server that misbehaves in every way that a source can."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from workhall.providers.client import MAX_REDIRECTS, guarded_client
from workhall.providers.download import (
    Downloaded,
    DownloadError,
    SourceExpired,
    SourceRefused,
    SourceUnavailable,
    download,
)

Script = Callable[[asyncio.StreamWriter], Awaitable[None]]
BODY = bytes(range(256)) * 1000
SIGNED = "?sig=s3cret"


class Source:
    """A loopback HTTP server whose answers are scripts that write raw bytes."""

    def __init__(self) -> None:
        self.scripts: dict[str, Script] = {}
        self.heads: list[str] = []
        self.hung_up = asyncio.Event()  # set when a client closes its connection
        self.serving: set[asyncio.Task[None]] = set()
        self.port = 0

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}{SIGNED}"

    def says(self, status: int, body: bytes = b"", *, path: str = "/", **headers: str) -> None:
        """Answer `path` properly, with Content-Length unless `headers` has another one."""
        fields = {"Content-Length": str(len(body))} | {name.replace("_", "-"): text for name, text in headers.items()}
        head = "".join(f"{name}: {text}\r\n" for name, text in fields.items())
        self.sends(f"HTTP/1.1 {status} x\r\n{head}\r\n".encode() + body, path=path)

    def sends(self, *chunks: bytes, path: str = "/", then: Script | None = None) -> None:
        """Answer `path` with `chunks` as they are and hang up after `then`."""

        async def script(writer: asyncio.StreamWriter) -> None:
            writer.writelines(chunks)
            await writer.drain()
            if then is not None:
                await then(writer)

        self.scripts[path] = script

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection: one request, one script."""
        serving = asyncio.current_task()
        assert serving is not None
        self.serving.add(serving)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            running = asyncio.ensure_future(self.scripts[head.split(" ")[1].split("?")[0]](writer))
            gone = asyncio.ensure_future(self.watch(reader))
            try:
                await asyncio.wait((running, gone), return_when=asyncio.FIRST_COMPLETED)
            finally:
                running.cancel()
                gone.cancel()
                await asyncio.gather(running, gone, return_exceptions=True)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def watch(self, reader: asyncio.StreamReader) -> None:
        """Note when the client hangs up."""
        with suppress(OSError):
            await reader.read()
        self.hung_up.set()

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Source]:
        """Listen on a free port; no connection outlives the block."""
        it = cls()
        server = await asyncio.start_server(it.answer, "127.0.0.1", 0)
        it.port = server.sockets[0].getsockname()[1]
        try:
            yield it
        finally:
            server.close()
            for task in it.serving:
                task.cancel()
            await asyncio.gather(*it.serving, return_exceptions=True)
            await server.wait_closed()


@pytest.fixture
async def source() -> AsyncIterator[Source]:
    async with Source.open() as it:
        yield it


@pytest.fixture
async def client(source: Source) -> AsyncIterator[httpx.AsyncClient]:
    async with guarded_client(frozenset({("127.0.0.1", source.port)})) as it:
        yield it


async def silence(_: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def endless_bytes(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(bytes(65536))
        await writer.drain()


async def drips(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


def assert_plain_sentence(error: DownloadError) -> None:
    text = str(error)
    assert text.endswith(".")
    assert "\n" not in text
    assert "s3cret" not in text


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
