"""Packets as they go over the wire."""

from __future__ import annotations

import json

import pytest
import socketio.packet
from workhall.realtime.packets import event_packet, is_readable
from workhall.realtime.rate_limit import TokenBucket


def test_an_event_is_encoded_as_the_library_would() -> None:
    data = {"seq": 3, "message": 'a "quoted"\nline, ünïcödé \u2028'}
    ours = event_packet("/wizard", 'odd"name', json.dumps(data)).encode()
    theirs = socketio.packet.Packet(encoded_packet=ours[1:])
    assert (theirs.packet_type, theirs.namespace, theirs.data) == (2, "/wizard", ['odd"name', data])


@pytest.mark.parametrize("frame", ["1", "2probe", "3", "3probe", "5", "40", "40/wizard,{}", "41/wizard,", "42[1]"])
def test_what_clients_send_is_readable(frame: str) -> None:
    assert is_readable(frame)


@pytest.mark.parametrize("frame", ["", "x", "0", "12", "2x", "4", "43[]", "45-", "4{", "6", "8", "42"[:1], None, b"42"])
def test_what_clients_do_not_send_is_not(frame: object) -> None:
    assert not is_readable(frame)


def test_a_bucket_allows_its_burst_and_then_its_rate() -> None:
    bucket = TokenBucket(3, 0.001)
    assert [bucket.take() for _ in range(5)] == [True, True, True, False, False]
    quick = TokenBucket(1, 1e9)
    assert all(quick.take() for _ in range(5))
