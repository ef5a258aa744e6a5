"""The guard refuses everything that is not the public web before a connection is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from workhall.providers.client import GuardedTransport, guarded_client
from workhall.providers.guard import (
    BlockedAddressError,
    BlockedError,
    BlockedPortError,
    BlockedUrlError,
    GuardBackend,
    is_public_address,
)

from .conftest import HELLO, OTHER_PUBLIC, PUBLIC, Detour, web_server

# fmt: off
PRIVATE_ADDRESSES = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.1.1", "127.0.0.1", "127.255.255.254", "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.1.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "233.252.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd00::1",
    "fd00:ec2::254", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1", "ff0e::1",
]
# fmt: on

# fmt: off
PUBLIC_ADDRESSES = [
    "8.8.8.8", "1.1.1.1", PUBLIC, "172.32.0.1", "100.128.0.1", "::ffff:8.8.8.8", "64:ff9b::808:808",
    "2002:808:808::1", "2606:4700:4700::1111", OTHER_PUBLIC,
]
# fmt: on

# fmt: off
HOSTILE_URLS = [
    "http://127.0.0.1/", "http://localhost/", "http://localhost./", "http://LOCALHOST/", "http://[::1]/",
    "http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://0/", "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/", "http://0.0.0.0/", "http://169.254.169.254/latest/meta-data/",
    "http://100.64.1.1/", "http://10.0.0.1/", "http://[fd00::1]/", "http://[64:ff9b::7f00:1]/",
    "http://[fe80::1%25lo]/", "https://127.0.0.1/", "https://localhost/",
]
# fmt: on


# --- addresses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
def test_addresses_that_are_not_the_public_internet(address: str) -> None:
    assert not is_public_address(address)


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_addresses_of_the_public_internet(address: str) -> None:
    assert is_public_address(address)


# --- refused without a connection ---------------------------------------------------------------------------------


@pytest.mark.parametrize("url", HOSTILE_URLS)
async def test_hostile_hosts_are_refused_without_any_connection(url: str, connections: list[Any]) -> None:
    async with guarded_client() as client:
        with pytest.raises((BlockedAddressError, httpx.ConnectError)) as caught:
            await client.get(url)
    if not isinstance(caught.value, BlockedAddressError):  # a resolver may not know such a spelling at all
        assert "was not found" in str(caught.value)
    assert connections == []


@pytest.mark.parametrize("url", HOSTILE_URLS[:2])
async def test_the_commonest_hostile_hosts_are_refused_for_their_address(url: str) -> None:
    async with guarded_client() as client:
        with pytest.raises(BlockedAddressError, match="is not a public Internet host"):
            await client.get(url)


@pytest.mark.parametrize("port", [1, 22, 79, 81, 3000, 6379, 8080, 65535])
async def test_other_ports_are_refused_without_any_connection(port: int, connections: list[Any]) -> None:
    async with guarded_client() as client:
        with pytest.raises(BlockedPortError, match=f"Port {port} of {PUBLIC} is not allowed: only 80 and 443 are."):
            await client.get(f"http://{PUBLIC}:{port}/")
    assert connections == []


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.com/", "ws://example.com/", "gopher://example.com/", "//example.com/", "x"],
)
async def test_other_schemes_are_refused(url: str, connections: list[Any]) -> None:
    async with guarded_client() as client:
        with pytest.raises(BlockedUrlError, match="must start with http:// or https://"):
            await client.get(url)
    assert connections == []


@pytest.mark.parametrize("url", ["http://user@127.0.0.1/", "http://user:secret@example.com/", "https://:x@example.com"])
async def test_user_names_and_passwords_in_urls_are_refused(url: str, connections: list[Any]) -> None:
    async with guarded_client() as client:
        with pytest.raises(BlockedUrlError, match="user name or password") as caught:
            await client.get(url)
    assert "secret" not in str(caught.value)
    assert connections == []


async def test_a_url_without_host_is_refused(connections: list[Any]) -> None:
    transport = GuardedTransport()
    with pytest.raises(BlockedUrlError, match="the name of a host"):
        await transport.handle_async_request(httpx.Request("GET", "http:///path"))
    assert connections == []


async def test_a_loopback_server_on_an_allowed_port_is_refused_for_its_address(connections: list[Any]) -> None:
    async with web_server(HELLO) as (port, heads):
        transport = GuardedTransport(ports=frozenset({port}))
        async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
            with pytest.raises(BlockedAddressError):
                await client.get(f"http://localhost:{port}/")
        assert (connections, heads) == ([], [])


async def test_unix_sockets_are_refused() -> None:
    with pytest.raises(BlockedAddressError, match="Unix sockets"):
        await GuardBackend().connect_unix_socket("/run/docker.sock")


async def test_a_host_with_one_private_address_among_public_ones_is_refused(names: Callable[..., list[str]]) -> None:
    names([PUBLIC, "10.0.0.1", OTHER_PUBLIC])
    network = Detour()
    with pytest.raises(BlockedAddressError, match=r"pictures\.example is not a public"):
        await GuardBackend(network=network).connect_tcp("pictures.example", 443)
    assert network.dialled == []


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example"])
async def test_a_name_that_cannot_be_a_host_is_refused(host: str) -> None:
    with pytest.raises(BlockedAddressError, match="not a valid host name"):
        await GuardBackend().connect_tcp(host, 80)


async def test_proxy_variables_do_not_lead_around_the_guard(
    monkeypatch: pytest.MonkeyPatch, connections: list[Any]
) -> None:
    async with web_server(HELLO) as (port, heads):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        async with guarded_client() as client:
            with pytest.raises(BlockedAddressError):
                await client.get("http://169.254.169.254/")
        assert (connections, heads) == ([], [])


# --- allowed ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("allowed", ["127.0.0.1", "localhost", "LocalHost"])
async def test_an_allowed_host_and_port_is_reached(allowed: str, connections: list[Any]) -> None:
    async with web_server(HELLO) as (port, heads):
        async with guarded_client(frozenset({(allowed, port)})) as client:
            answer = await client.get(f"http://{allowed}:{port}/x")
        assert (answer.status_code, answer.text) == (200, "hello")
        assert heads[0].startswith(b"GET /x HTTP/1.1")
        assert ("127.0.0.1", port) in connections  # hence the other tests would see a connection, too


async def test_only_the_very_pair_is_allowed() -> None:
    async with web_server(HELLO) as (port, heads), guarded_client(frozenset({("localhost", port)})) as client:
        for url in (f"http://127.0.0.1:{port}/", f"http://localhost:{port + 1}/", "http://localhost/"):
            with pytest.raises(BlockedError):
                await client.get(url)
        assert heads == []


async def test_no_cookies_are_kept_between_requests() -> None:
    async with web_server(HELLO) as (port, heads):
        async with guarded_client(frozenset({("127.0.0.1", port)})) as client:
            for _ in range(2):
                await client.get(f"http://127.0.0.1:{port}/")
            assert list(client.cookies.jar) == []
        assert [b"cookie" in head.lower() for head in heads] == [False, False]
