"""Packets of the Socket.IO protocol (revision 5) inside those of Engine.IO (revision 4), as far as we touch them."""

from __future__ import annotations

import re
from typing import Any, Final

import orjson
from engineio.packet import MESSAGE, Packet

__all__ = ["Packet", "event_packet", "is_readable"]

# CLOSE, the probe and pongs, UPGRADE; of messages CONNECT, DISCONNECT and EVENT. We ask for no ack and take no bytes,
# so a client has no reason to send the other types, and the library would keep what they attach.
_READABLE: Final = re.compile(r"1\Z|[23](probe)?\Z|5\Z|4[012]")


def event_packet(namespace: str, name: str, data: str) -> Any:
    """Return the packet of an event, encoded once for all its recipients; ``data`` is a JSON text, not decoded here."""
    return Packet(MESSAGE, f"2{namespace},[{orjson.dumps(name).decode()},{data}]")


def is_readable(frame: object) -> bool:
    """Tell whether an incoming WebSocket frame is a packet that this server understands."""
    return isinstance(frame, str) and _READABLE.match(frame) is not None
