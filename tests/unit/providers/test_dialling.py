"""The address that was checked is the one that is dialled, and TLS still verifies the name."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Callable
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
from workhall.providers.guard import GuardBackend

from .conftest import HELLO, OTHER_PUBLIC, PUBLIC, Detour, web_server

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
