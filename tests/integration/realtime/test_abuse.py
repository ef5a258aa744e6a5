"""Bare sockets that break the protocol: each gets an answer or its end, and nobody else notices."""

from __future__ import annotations

import asyncio
import logging

import pytest
from workhall.realtime.limits import Limits

from tests.integration.realtime.conftest import StartSystem, System

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize("name", ["connect", "disconnect"])
async def test_forged_reserved_events_are_no_events(system: System, name: str) -> None:
    raw = await system.raw(joined=True)
    answer = await raw.ask(f'42/wizard,1["{name}",{{"forged":1}},{{"token":"{system.token()}"}}]')
    assert answer.startswith('43/wizard,1[{"error":"Unknown event')
    assert (system.hub.sockets, system.hub.rooms) == (1, 1)
    assert await raw.ask('42/wizard,2["job:status",{"jobId":"x"}]') == '43/wizard,2[{"error":"Job not found"}]'


async def test_events_that_make_no_sense_get_an_error(system: System) -> None:
    raw = await system.raw(joined=True)
    for event in ('"nope",1', "5", "null", "[[1]]", '{"a":1}', '"job:join"', '"job:join",1,2,3'):
        assert (await raw.ask(f"42/wizard,7[{event}]")).startswith('43/wizard,7[{"error":"'), event


UNREADABLE = (
    "",
    "x",
    "4",
    "42",
    "9",
    "42/wizard,[]",
    '42/wizard,{"a":1}',
    "42/wizard,[",
    '42/wizard,["job:join",' + "[" * 50_000 + "]" * 50_000 + "]",
    '4{"a":1}',
    "4" + "[" * 50_000,
    "43/wizard,1[]",
    '44/wizard,{"message":"x"}',
    '451-/wizard,["job:join",{"_placeholder":true,"num":0}]',
    "459999999999-/wizard,[]",
    "40/wizard," + "9" * 200,
    b"2222",
)


async def test_packets_that_cannot_be_read_end_the_connection(system: System, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for packet in UNREADABLE:
        raw = await system.raw(joined=True)
        await (raw.send_bytes(packet) if isinstance(packet, bytes) else raw.send(packet))
        await raw.until_closed()
        await system.until(lambda: system.hub.connections == 0)
        assert system.hub.rooms == 0
    assert not [record for record in caplog.records if record.exc_info or record.levelno > logging.INFO]


async def test_an_oversize_message_ends_the_connection(system: System) -> None:
    raw, other = await system.raw(joined=True), await system.raw(joined=True)
    largest = '42/wizard,1["job:status",{"jobId":"%s"}]'
    padding = "x" * (1_000_000 - len(largest) + 1)
    assert (await raw.ask(largest % padding)).startswith('43/wizard,1[{"error":"jobId: String should have at most')
    await raw.send(largest % (padding + "xx"))
    await raw.until_closed()
    assert (await other.ask('42/wizard,1["job:status",{"jobId":"x"}]')).startswith("43/wizard,1[")


async def test_a_connection_that_joins_nothing_is_ended(start_system: StartSystem, valkey: str) -> None:
    system = await start_system(valkey, limits=Limits(handshake_s=0.2))
    idle, refused, leaving = await system.raw(), await system.raw(), await system.raw(joined=True)
    staying = await system.raw(joined=True)
    assert (await refused.ask('40/wizard,{"token":"bad"}')).startswith("44/wizard,")
    await leaving.send("41/wizard,")
    for raw in (idle, refused, leaving):
        await raw.until_closed()
    await system.until(lambda: system.hub.connections == 1)
    assert (await staying.ask('42/wizard,1["job:status",{"jobId":"x"}]')).startswith("43/wizard,1[")


async def test_a_flood_ends_the_connection(start_system: StartSystem, valkey: str) -> None:
    system = await start_system(valkey, limits=Limits(packet_burst=50, packets_per_s=1))
    flood, other = await system.raw(), await system.raw(joined=True)

    async def pour() -> None:
        for _ in range(200):
            await flood.send('40/wizard,{"token":"bad"}')

    pouring = asyncio.create_task(pour())
    await flood.until_closed()
    await asyncio.gather(pouring, return_exceptions=True)
    await system.until(lambda: system.hub.connections == 1)
    assert (await other.ask('42/wizard,1["job:status",{"jobId":"x"}]')).startswith("43/wizard,1[")


async def test_a_second_connect_is_refused_and_the_first_stays(system: System) -> None:
    raw = await system.raw(joined=True)
    assert (await raw.ask(f'40/wizard,{{"token":"{system.token()}"}}')).startswith("44/wizard,")
    assert (await raw.ask('42/wizard,1["job:status",{"jobId":"x"}]')).startswith("43/wizard,1[")
    assert system.hub.sockets == 1


async def test_events_before_connect_reach_nobody(system: System) -> None:
    raw = await system.raw()
    await raw.send('42/wizard,1["job:status",{"jobId":"x"}]')
    assert (await raw.ask(f'40/wizard,{{"token":"{system.token()}"}}')).startswith("40/wizard,")


async def test_what_a_poller_posts_wrongly_ends_its_session_at_most(
    system: System, caplog: pytest.LogCaptureFixture
) -> None:
    other = await system.raw(joined=True)
    assert await (await system.poller()).post("4" * 1_000_001) == 413
    for packets in ([""], ["x"], ["4" + "[" * 50_000], ["3"] * 17, ["42[]"], ["451-[]"], ["43[]"]):
        assert await (await system.poller()).post(*packets) in (200, 400)
    assert (await other.ask('42/wizard,1["job:status",{"jobId":"x"}]')).startswith("43/wizard,1[")
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_poller_that_says_goodbye_is_let_go_at_once(system: System) -> None:
    poller = await system.poller()
    hanging = asyncio.create_task(poller.get())
    assert await poller.post("1") == 200
    await hanging
    assert await poller.post("40") == 400
