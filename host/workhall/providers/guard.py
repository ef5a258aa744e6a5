"""Keeps outgoing connections away from this machine and its private networks (SSRF).

A host name is resolved once, every address that it resolves to must be public, and the connection goes to one of
those checked addresses: a second, different DNS answer has no say. TLS still verifies the host *name*, because
httpcore starts TLS on top of the connection that `GuardBackend` opens.

The address rules follow IANA's special-purpose address registries (RFC 6890 and its updates). They do not rest
on `ipaddress.is_global` alone: before Python 3.11.10 it calls 192.0.0.0/24 and 64:ff9b:1::/48 global, and it
calls IPv6 space global that nobody has been given.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable

import httpcore

WEB_PORTS = frozenset({80, 443})

_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in its last 32 bits
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # RFC 4291: all that IANA has handed out to the Internet
_NEVER = tuple(
    ipaddress.ip_network(block)
    for block in (
        "192.0.0.0/24",  # IETF protocol assignments
        "192.88.99.0/24",  # retired 6to4 relays
        "2001::/32",  # Teredo: it tunnels to an IPv4 address and port hidden in the address
        "3fff::/20",  # documentation
    )
)


class BlockedError(Exception):
    """The guard refused a request before any connection was made; trying again changes nothing."""


class BlockedUrlError(BlockedError):
    """The URL is no plain http or https address of a host."""


class BlockedPortError(BlockedError):
    """The URL names a port that downloads may not use."""


class BlockedAddressError(BlockedError):
    """The host is, or resolves to, an address that is not public."""


def is_public_address(address: str) -> bool:
    """Say whether an IPv4 or IPv6 address in text form belongs to the public Internet.

    Addresses that carry an IPv4 address (IPv4-mapped, 6to4, NAT64) are judged by that one; Teredo is never public.

    Raises:
        ValueError: `address` is not an IP address.
    """
    ip = _carried_address(ipaddress.ip_address(address))
    if any(ip in block for block in _NEVER) or ip.is_multicast or not ip.is_global:
        return False
    return ip.version == 4 or ip in _GLOBAL_UNICAST


def _carried_address(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


class GuardBackend(httpcore.AsyncNetworkBackend):
    """An httpcore network backend that connects to public addresses on web ports only.

    The connection pool asks it for every new connection, hence again for each host of a redirect.

    Args:
        allow: (host, port) pairs that are exempt, for configured hosts such as a provider's own base URL.
        ports: the ports that every other host may be reached on.
        network: what opens the connections; httpcore's asyncio backend unless given.
    """

    def __init__(
        self,
        allow: frozenset[tuple[str, int]] = frozenset(),
        ports: frozenset[int] = WEB_PORTS,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._allow = frozenset((host.strip("[]").lower(), port) for host, port in allow)
        self._ports = ports
        self._network = network or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to `host` within `timeout` seconds for finding its addresses and as long again for reaching one.

        Raises:
            BlockedPortError: the port is no web port.
            BlockedAddressError: at least one address of the host is not public.
            httpcore.ConnectError: the host has no address, or none of them answers.
            httpcore.ConnectTimeout: the time is up.
        """
        if (host.lower(), port) in self._allow:
            return await self._network.connect_tcp(host, port, timeout, local_address, socket_options)
        if port not in self._ports:
            usable = " and ".join(str(number) for number in sorted(self._ports))
            raise BlockedPortError(f"Port {port} of {host} is not allowed: only {usable} are.")
        addresses = await _resolve(host, port, timeout)
        if not all(is_public_address(address) for address in addresses):
            raise BlockedAddressError(f"{host} is not a public Internet host, so nothing is loaded from it.")
        return await self._dial(addresses, port, timeout, local_address, socket_options)

    async def _dial(
        self,
        addresses: list[str],
        port: int,
        timeout: float | None,
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.AsyncNetworkStream:
        # One after the other: a host with an IPv6 address must stay reachable from a machine without IPv6.
        share = timeout and timeout / len(addresses)
        failure: Exception = httpcore.ConnectError("The host has no address.")
        for address in addresses:
            try:
                return await self._network.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: no URL that a client is given may lead to a socket of this machine."""
        raise BlockedAddressError("Unix sockets are not public Internet hosts, so nothing is loaded from one.")

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` (httpcore pauses with it between its own connection retries)."""
        await self._network.sleep(seconds)


async def _resolve(host: str, port: int, timeout: float | None) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(f"Looking up {host} took longer than {timeout:g} s.") from error
    except OSError as error:
        raise httpcore.ConnectError(f"{host} was not found: {error.strerror or error}.") from error
    except ValueError as error:  # a label over 63 characters or an empty one
        raise BlockedAddressError(f"{host!r} is not a valid host name.") from error
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
