"""An httpx client for URLs that somebody else chose: it reaches public web hosts and nothing more.

httpx has no public way to put a network backend below its own transport, so this is a transport of its own on
httpcore's public `AsyncConnectionPool`.
"""

from __future__ import annotations

import contextlib
import functools
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import cast

import httpcore
import httpx

from workhall.providers.guard import WEB_PORTS, BlockedUrlError, GuardBackend

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 10.0
MAX_REDIRECTS = 3


def guarded_client(allow: frozenset[tuple[str, int]] = frozenset()) -> httpx.AsyncClient:
    """Make an httpx client whose every connection is checked by `GuardBackend`.

    It ignores proxy and certificate variables of the environment (a proxy would connect in our stead, unchecked),
    keeps no cookies (one client serves the jobs of many users) and does not follow redirects by itself: httpx
    reads a redirect's body without limit. `workhall.providers.download` follows them, at most `MAX_REDIRECTS`.

    Args:
        allow: (host, port) pairs exempt from the check: the hosts of configured provider base URLs.

    Raises (from its requests, besides httpx's own errors):
        BlockedError: the URL, port or address is refused; no connection was made.
    """
    return httpx.AsyncClient(
        transport=GuardedTransport(allow),
        trust_env=False,
        follow_redirects=False,
        max_redirects=MAX_REDIRECTS,
        timeout=httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


class GuardedTransport(httpx.AsyncBaseTransport):
    """An httpx transport over an httpcore pool whose connections go through `GuardBackend`.

    Args:
        allow: (host, port) pairs exempt from the guard.
        ports: the ports that every other host may be reached on.
        ssl_context: how servers are verified; certifi's authorities unless given.
        network: what opens the checked connections; see `GuardBackend`.
    """

    def __init__(
        self,
        allow: frozenset[tuple[str, int]] = frozenset(),
        *,
        ports: frozenset[int] = WEB_PORTS,
        ssl_context: ssl.SSLContext | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl_context or _certifi_context(),
            max_connections=20,
            max_keepalive_connections=5,
            keepalive_expiry=5.0,
            network_backend=GuardBackend(allow, ports, network),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; a client calls this once for each hop of a redirect, too."""
        _require_plain_url(request.url)
        with _raised_as_httpx():
            answer = await self._pool.handle_async_request(_for_httpcore(request))
        # httpcore types one class for sync and async; an async pool always answers with an async stream.
        body = _Body(cast(AsyncIterable[bytes], answer.stream), answer)
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions)

    async def aclose(self) -> None:
        """Close every connection of the pool."""
        await self._pool.aclose()


@functools.cache
def _certifi_context() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)  # reading all authorities takes tens of milliseconds


class _Body(httpx.AsyncByteStream):
    """The body of an httpcore answer, with httpx's errors; closing it gives the connection back."""

    def __init__(self, chunks: AsyncIterable[bytes], answer: httpcore.Response) -> None:
        self._chunks = chunks
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _raised_as_httpx():
            async for chunk in self._chunks:
                yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()


def _for_httpcore(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        method=request.method,
        # The parts as httpx parsed and checked them: a second parser could read another host out of the text.
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


def _require_plain_url(url: httpx.URL) -> None:
    if url.scheme not in ("http", "https") or not url.host:
        raise BlockedUrlError("A URL must start with http:// or https:// and the name of a host.")
    if url.userinfo:
        raise BlockedUrlError(f"The URL of {url.host} carries a user name or password, which is not allowed.")


@contextlib.contextmanager
def _raised_as_httpx() -> Iterator[None]:
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
    ) as error:
        # The two libraries name these errors alike; a test walks through all of them.
        raise getattr(httpx, type(error).__name__)(str(error)) from error
    except ssl.SSLError as error:  # anyio lets some TLS errors of a read through as they are
        raise httpx.ReadError(str(error)) from error
