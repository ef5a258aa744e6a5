"""What one client may take, and for how long: the figures of contract §5 and the bounds that it leaves open."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one socket.

    Args:
        handshake_s: seconds until a connection must have joined a namespace.
        ping_interval_s: seconds between two pings of the server.
        ping_timeout_s: seconds that a client may take to answer one.
        message_bytes: the largest incoming message.
        waiting_packets: packets that may wait for a client; one that falls further behind is cut off.
        rooms: rooms that one socket may be in.
        request_burst: requests answered at once before the rate counts.
        requests_per_s: requests answered per second after that; above, they are refused.
        packet_burst: packets of any kind taken at once before their rate counts.
        packets_per_s: packets taken per second after that; above, the connection is cut off.
        answer_s: seconds that a request may take.
    """

    handshake_s: float = 10.0
    ping_interval_s: float = 25.0
    ping_timeout_s: float = 20.0
    message_bytes: int = 1_000_000
    waiting_packets: int = 1000
    rooms: int = 1000
    request_burst: int = 200
    requests_per_s: float = 50.0
    packet_burst: int = 1000
    packets_per_s: float = 100.0
    answer_s: float = 10.0
