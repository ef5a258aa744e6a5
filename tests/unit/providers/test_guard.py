"""The guard refuses everything that is not the public web before a connection is made, and dials what it checked."""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from workhall.providers.client import GuardedTransport, guarded_client
from workhall.providers.guard import (
    BlockedAddressError,
    BlockedError,
    BlockedPortError,
    BlockedUrlError,
    GuardBackend,
    is_public_address,
)

PUBLIC = "93.184.215.14"
OTHER_PUBLIC = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"

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


# --- connections that really happen -------------------------------------------------------------------------------


class _Connections:
    """Every address that Python code of this process connects a socket to, by the interpreter's own audit events."""

    def __init__(self) -> None:
        self.made: list[Any] | None = None
        sys.addaudithook(self._hook)  # stays for the life of the process, so there is one, switched on and off

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "socket.connect" and self.made is not None:
            self.made.append(args[1])


_CONNECTIONS = _Connections()


@pytest.fixture
def connections() -> Iterator[list[Any]]:
    _CONNECTIONS.made = []
    yield _CONNECTIONS.made
    _CONNECTIONS.made = None


@asynccontextmanager
async def web_server(answer: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Serve `answer` to every request on loopback; yields the port and the heads of the requests so far."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1], heads


HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\nConnection: close\r\n\r\nhello"


class Detour(httpcore.AsyncNetworkBackend):
    """Notes which address would be dialled and connects to a loopback server instead, or fails for some."""

    def __init__(self, port: int = 0, failing: frozenset[str] = frozenset()) -> None:
        self.dialled: list[tuple[str, int, float | None]] = []
        self._port, self._failing, self._real = port, failing, httpcore.AnyIOBackend()

    async def connect_tcp(self, host: str, port: int, timeout: float | None = None, *_: Any, **__: Any) -> Any:
        self.dialled.append((host, port, timeout))
        if host in self._failing:
            raise httpcore.ConnectError("unreachable")
        return await self._real.connect_tcp("127.0.0.1", self._port, timeout)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Give host names answers: `names([first answer], [second answer])` returns the list of names looked up."""

    def use(*answers: list[str]) -> list[str]:
        looked_up: list[str] = []

        def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
            answer = answers[min(len(looked_up), len(answers) - 1)]
            looked_up.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answer]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return looked_up

    return use


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


# --- the checked address is the dialled one -----------------------------------------------------------------------


async def test_a_name_is_resolved_once_and_the_checked_address_is_dialled(names: Callable[..., list[str]]) -> None:
    async with web_server(HELLO) as (port, heads):
        looked_up = names([PUBLIC], ["127.0.0.1"])  # the second answer is the attack: DNS rebinding
        network = Detour(port)
        async with httpx.AsyncClient(transport=GuardedTransport(network=network), trust_env=False) as client:
            answer = await client.get("http://pictures.example/cat.png")
        assert answer.text == "hello"
        assert [call[:2] for call in network.dialled] == [(PUBLIC, 80)]
        assert looked_up == ["pictures.example"]
        assert b"Host: pictures.example\r\n" in heads[0]


async def test_the_next_address_is_tried_when_one_does_not_answer(names: Callable[..., list[str]]) -> None:
    async with web_server(HELLO) as (port, _):
        names([OTHER_PUBLIC, PUBLIC, PUBLIC])
        network = Detour(port, failing=frozenset({OTHER_PUBLIC}))
        stream = await GuardBackend(network=network).connect_tcp("pictures.example", 80, timeout=4.0)
        await stream.aclose()
        assert network.dialled == [(OTHER_PUBLIC, 80, 2.0), (PUBLIC, 80, 2.0)]


async def test_the_last_failure_is_reported_when_no_address_answers(names: Callable[..., list[str]]) -> None:
    names([OTHER_PUBLIC, PUBLIC])
    network = Detour(failing=frozenset({OTHER_PUBLIC, PUBLIC}))
    async with httpx.AsyncClient(transport=GuardedTransport(network=network), trust_env=False) as client:
        with pytest.raises(httpx.ConnectError, match="unreachable"):
            await client.get("http://pictures.example/")
    assert len(network.dialled) == 2


async def test_an_unknown_host_is_a_connection_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    async with guarded_client() as client:
        with pytest.raises(httpx.ConnectError, match=r"pictures\.example was not found: Name or service not known"):
            await client.get("http://pictures.example/")


async def test_a_name_server_that_does_not_answer_is_a_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def silent(*_: Any, **__: Any) -> Any:
        released.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    try:
        with pytest.raises(httpcore.ConnectTimeout, match=r"Looking up pictures\.example took longer"):
            await GuardBackend().connect_tcp("pictures.example", 80, timeout=0.05)
    finally:
        released.set()


# --- TLS ----------------------------------------------------------------------------------------------------------


def certificate(host: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for `host`; returns the server's context and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "server.pem"
    file.write_bytes(pem + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cadata=pem.decode())


@pytest.mark.parametrize(("host", "trusted"), [("pictures.example", True), ("other.example", False)])
async def test_tls_verifies_the_host_name_although_an_address_is_dialled(
    host: str, trusted: bool, tmp_path: Path, names: Callable[..., list[str]]
) -> None:
    server_tls, client_tls = certificate("pictures.example", tmp_path)
    greeted: list[str | None] = []
    server_tls.sni_callback = lambda _socket, name, _context: greeted.append(name)
    async with web_server(HELLO, server_tls) as (port, _):
        names([PUBLIC])
        transport = GuardedTransport(ssl_context=client_tls, network=Detour(port))
        async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
            if trusted:
                assert (await client.get(f"https://{host}/")).text == "hello"
            else:
                with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                    await client.get(f"https://{host}/")
        assert greeted == [host]


# --- httpx's errors -----------------------------------------------------------------------------------------------


def test_every_httpcore_error_has_its_namesake_in_httpx() -> None:
    families = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol)
    names = [
        name for name in httpcore.__all__ if isinstance(getattr(httpcore, name), type)
        and issubclass(getattr(httpcore, name), families)
    ]  # fmt: skip
    assert len(names) > 10
    for name in names:
        assert issubclass(getattr(httpx, name), httpx.TransportError)
