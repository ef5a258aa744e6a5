"""The one listening socket, opened by the supervisor and shared by all api processes."""

from __future__ import annotations

import socket

from workhall.supervisor.errors import StartError

__all__ = ["local_url", "open_listener", "public_name"]

_BACKLOG = 2048


def open_listener(host: str, port: int) -> socket.socket:
    """Listen on ``host`` and ``port`` (0: a free one).

    Raises:
        StartError: the address cannot be used; the sentence says which option to change.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise StartError(f"The host {host!r} has no address on this machine; choose another one with --host.") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise StartError(
            f"Cannot listen on {host} port {port} ({error.strerror}); choose another one with --port, or 0 for any."
        ) from None
    return listener


def public_name(host: str, listener: socket.socket) -> str:
    """Return ``http://HOST:PORT`` with the host as it was given and the real port."""
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def local_url(host: str, listener: socket.socket) -> str:
    """Return an address that works on this machine, also where ``host`` means every interface."""
    reachable = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return public_name(reachable, listener)
