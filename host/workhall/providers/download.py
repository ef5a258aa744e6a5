"""Downloads a file from a URL that somebody else chose, within limits of size, time and place."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol, cast

import httpx

from workhall.providers.client import CONNECT_TIMEOUT_S, MAX_REDIRECTS, READ_TIMEOUT_S
from workhall.providers.guard import BlockedError

MAX_BYTES = 25 * 1024 * 1024
DEADLINE_S = 30.0

_EXPIRED = frozenset({403, 404, 410})  # what storage services answer once a signed link is over
_TRY_AGAIN = frozenset({408, 425, 429})


class DownloadError(Exception):
    """A download failed; its subclasses say what that means, and there are no others than these three."""


class SourceRefused(DownloadError):
    """The URL or what it answers is not acceptable: blocked host, scheme, size, encoding. Permanent."""


class SourceExpired(DownloadError):
    """The file is not there any more (403, 404, 410). Permanent for this URL; its maker can make a new one."""


class SourceUnavailable(DownloadError):
    """The source could not be reached, broke off, was too slow or answered 5xx. Worth another try."""


class Writable(Protocol):
    """What a download is written into: an open binary file, a `SpooledTemporaryFile`, a `BytesIO`."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What was written: its size in bytes and its SHA-256 as 64 lower-case hex digits."""

    size: int
    sha256: str


async def download(
    client: httpx.AsyncClient,
    url: str,
    *,
    into: Writable,
    max_bytes: int = MAX_BYTES,
    deadline_s: float = DEADLINE_S,
) -> Downloaded:
    """Stream the file at `url` into `into`, which is left at the end of what was written.

    After an error `into` may hold a part of the file. Messages name the host, never the URL: a signed URL is a
    secret.

    Args:
        client: a client from `workhall.providers.client.guarded_client`.
        url: an http or https URL without user name and password.
        into: takes the bytes; it is written to from the event loop, so it should be memory or a local file.
        max_bytes: the largest size that is accepted, by Content-Length and by count.
        deadline_s: seconds for everything together, redirects included; each read has at most 10 s of it.

    Raises:
        SourceRefused: the URL or the answer is not acceptable.
        SourceExpired: the source answered 403, 404 or 410.
        SourceUnavailable: the source could not be reached or did not deliver in time.
    """
    try:
        async with asyncio.timeout(deadline_s):
            answer = await _follow_redirects(client, _build_request(client, url))
            async with contextlib.aclosing(answer):
                _require_found(answer)
                _require_plain_body(answer, max_bytes)
                return await _copy(answer, into, max_bytes)
    except BlockedError as error:
        raise SourceRefused(str(error)) from error
    except TimeoutError as error:
        raise SourceUnavailable(f"{_host(url)} did not deliver the file within {deadline_s:g} s.") from error
    except httpx.TimeoutException as error:
        raise SourceUnavailable(f"{_host(url)} did not answer in time.") from error
    except httpx.TransportError as error:
        raise SourceUnavailable(f"The connection to {_host(url)} failed ({type(error).__name__}).") from error


def _build_request(client: httpx.AsyncClient, url: str) -> httpx.Request:
    try:
        return client.build_request(
            "GET",
            url,
            # Compressed bodies are refused below: a few kilobytes of them can hold gigabytes.
            headers={"Accept-Encoding": "identity"},
            timeout=httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        )
    except (httpx.InvalidURL, ValueError) as error:
        raise SourceRefused("The source is not a valid URL.") from error


async def _follow_redirects(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    # By hand, because httpx reads (and decompresses) a redirect's body whole before it follows.
    for _ in range(1 + MAX_REDIRECTS):
        answer = await client.send(request, stream=True, follow_redirects=False)
        if answer.next_request is None:
            return answer
        await answer.aclose()
        request = answer.next_request
    raise SourceRefused(f"{request.url.host} redirects more than {MAX_REDIRECTS} times.")


def _require_found(answer: httpx.Response) -> None:
    host, status = answer.url.host, answer.status_code
    if status in _EXPIRED:
        raise SourceExpired(f"{host} answered {status}: the link has expired or never led to a file.")
    if status >= 500 or status in _TRY_AGAIN:
        raise SourceUnavailable(f"{host} answered {status}: it cannot deliver the file now.")
    if status != httpx.codes.OK:
        raise SourceRefused(f"{host} answered {status} instead of 200 with a file.")


def _require_plain_body(answer: httpx.Response, max_bytes: int) -> None:
    host = answer.url.host
    encoding = answer.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise SourceRefused(f"{host} sent a compressed body ({encoding[:20]}), which is not accepted.")
    announced = answer.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise _too_big(host, max_bytes)


async def _copy(answer: httpx.Response, into: Writable, max_bytes: int) -> Downloaded:
    size, digest = 0, hashlib.sha256()
    # An async generator in all but its declared type; closed here, not whenever it is collected.
    async with contextlib.aclosing(cast(AsyncGenerator[bytes, None], answer.aiter_raw())) as chunks:
        async for chunk in chunks:
            size += len(chunk)
            if size > max_bytes:
                raise _too_big(answer.url.host, max_bytes)
            digest.update(chunk)
            into.write(chunk)
    return Downloaded(size, digest.hexdigest())


def _too_big(host: str, max_bytes: int) -> SourceRefused:
    return SourceRefused(f"The file at {host} is larger than the {max_bytes} bytes that are accepted.")


def _host(url: str) -> str:
    return httpx.URL(url).host
