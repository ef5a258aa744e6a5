"""Who gets an event, and how often."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator

import pytest
from workhall.jobs.ids import now_ms
from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import JobWrite, LoggedEvent
from workhall.realtime.limits import Limits

from tests.integration.realtime.clients import PythonClient
from tests.integration.realtime.conftest import StartSystem, System
from tests.integration.realtime.job_log import RunningJob

CLOSE = 8
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def joined(system: System, job: RunningJob, **payload: int) -> PythonClient:
    await system.flushed()
    client = await system.client()
    assert await client.ask("job:join", {"jobId": job.job_id, **payload}) == {"ok": True}
    return client


async def test_an_event_arrives_as_it_was_written(system: System) -> None:
    job = await system.log.job(system.user)
    client = await joined(system, job)
    (event,) = await system.log.commit(job)
    await system.log.announce([event])
    await client.until_seq(3)
    name, data = client.events[0]
    assert name == "job:progress"
    assert data == {
        "seq": 3,
        "jobId": job.job_id,
        "brandId": None,
        "queueName": "noop",
        "attempt": 1,
        "status": "working",
        "progress": 0,
        "message": '"quoted"\nline',
        "timestamp": event.at_ms,
    }


async def test_without_after_a_socket_gets_what_comes_from_now_on(system: System) -> None:
    job = await system.log.job(system.user)
    await system.log.happen(job, 2)
    client = await joined(system, job)
    await system.log.happen(job, 3)
    assert await client.until_seq(7) == [5, 6, 7]


async def test_a_brands_room_gets_the_events_of_its_jobs_once(system: System) -> None:
    brand, other = await system.log.brand(system.user), await system.log.brand(system.user)
    job, foreign = await system.log.job(system.user, brand), await system.log.job(system.user, other)
    await system.flushed()
    watcher, both = await system.client(), await system.client()
    for client in (watcher, both):
        assert await client.ask("brand:join", {"brandId": brand}) == {"ok": True}
    await both.ask("job:join", {"jobId": job.job_id})
    second = await system.log.job(system.user, brand)
    await system.log.happen(foreign, 2)
    await system.log.happen(job, 3)
    for client in (watcher, both):
        assert await client.until_seq(5, job.job_id) == [3, 4, 5]
        assert client.seqs(second.job_id) == [1, 2]
        assert client.seqs(foreign.job_id) == []
    await both.ask("job:join", {"jobId": job.job_id, "after": 1})
    await system.log.happen(job, 2)
    assert await both.until_seq(7, job.job_id) == [3, 4, 5, 2, 3, 4, 5, 6, 7]
    assert await watcher.until_seq(7, job.job_id) == [3, 4, 5, 6, 7]


async def test_leaving_stops_the_events(system: System) -> None:
    brand = await system.log.brand(system.user)
    job, marker = await system.log.job(system.user, brand), await system.log.job(system.user)
    client = await joined(system, job, after=0)
    await client.ask("brand:join", {"brandId": brand})
    await client.ask("job:join", {"jobId": marker.job_id})
    await client.until_seq(2, job.job_id)
    assert await client.ask("job:leave", {"jobId": job.job_id}) == {"ok": True}
    await system.log.happen(job)
    assert await client.until_seq(3, job.job_id) == [1, 2, 3]  # still in the brand's room
    assert await client.ask("brand:leave", {"brandId": brand}) == {"ok": True}
    await system.log.happen(job, 2)
    await system.log.happen(marker)
    await client.until_seq(3, marker.job_id)
    assert client.seqs(job.job_id) == [1, 2, 3]


async def test_events_that_come_twice_or_late_are_sent_once(system: System) -> None:
    brand = await system.log.brand(system.user)
    job = await system.log.job(system.user, brand)
    await system.flushed()
    watcher = await system.client()
    await watcher.ask("brand:join", {"brandId": brand})
    follower, plain = await joined(system, job, after=0), await joined(system, job)
    events = await system.log.commit(job, 5)
    twice = [events[0], events[1], events[0], events[1], events[2], events[1], *events, events[4], events[2]]
    await system.log.announce(twice)
    assert await follower.until_seq(7) == [1, 2, 3, 4, 5, 6, 7]
    assert await plain.until_seq(7) == await watcher.until_seq(7) == [3, 4, 5, 6, 7]


async def test_events_that_the_stream_lost_come_from_the_rows(system: System) -> None:
    brand = await system.log.brand(system.user)
    job = await system.log.job(system.user, brand)
    await system.flushed()
    watcher = await system.client()
    await watcher.ask("brand:join", {"brandId": brand})
    follower, plain = await joined(system, job, after=2), await joined(system, job)
    await system.log.happen(job)
    lost = await system.log.commit(job, 350)
    await system.log.happen(job)
    for client in (follower, plain, watcher):
        assert await client.until_seq(lost[-1].seq + 1) == list(range(3, lost[-1].seq + 2))


async def test_rows_that_are_kept_no_more_do_not_hold_up_the_rest(system: System) -> None:
    job = await system.log.job(system.user)
    client = await joined(system, job, after=2)
    events = await system.log.commit(job, 5)
    await system.log.store.database.write(lambda c: c.exec_driver_sql("DELETE FROM job_events"))
    await system.log.announce([events[0], events[3], events[4]])
    assert await client.until_seq(7) == [3, 6, 7]


async def test_entries_that_are_no_events_are_passed_over(system: System) -> None:
    job = await system.log.job(system.user)
    client = await joined(system, job)
    await system.log.redis.xadd("socket:events", {"x": "y"})
    await system.log.redis.xadd("socket:events", {"j": job.job_id, "s": "?", "e": "e", "b": "", "u": "", "d": "{}"})
    await system.log.happen(job)
    assert await client.until_seq(3) == [3]


async def read_frame(reader: asyncio.StreamReader) -> int:
    """Read a frame from the server; returns its opcode (RFC 6455 §5.2)."""
    first, length = await reader.readexactly(2)
    if length >= 126:
        length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8), "big")
    await reader.readexactly(length)
    return first & 0xF


async def big_events(system: System, job: RunningJob, count: int) -> AsyncIterator[LoggedEvent]:
    """Commit events of 100 kB: a few dozen fill every buffer between the hub and a client that does not read."""
    events = JobEvents(job.job_id, "noop", None, job.claim_no)
    for _ in range(count):
        event = events.make("job:progress", now_ms(), status="working", progress=1, message="x" * 100_000)
        written = await system.log.store.write(JobWrite(job.job_id, job.claim_no, [event]))
        assert written is not None
        yield written.events[0]


async def test_a_client_that_does_not_read_is_cut_off_and_the_others_go_on(
    start_system: StartSystem, valkey: str
) -> None:
    system = await start_system(valkey, limits=Limits(waiting_packets=50))
    job = await system.log.job(system.user)
    healthy = await joined(system, job)
    host, _, port = system.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    writer.write(
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    await reader.readuntil(b"\r\n\r\n")
    for packet in (f'40/wizard,{{"token":"{system.token()}"}}', f'42/wizard,["job:join",{{"jobId":"{job.job_id}"}}]'):
        data = packet.encode()
        writer.write(struct.pack("!BBH", 0x81, 0x80 | 126, len(data)) + bytes(4) + data)
    await system.until(lambda: system.hub.sockets == 2)
    await system.until(lambda: system.hub.rooms == 2)
    async for event in big_events(system, job, 200):
        await system.log.announce([event])
    await system.until(lambda: system.hub.sockets == 1)
    assert await healthy.until_seq(202) == list(range(3, 203))
    async with asyncio.timeout(15):  # what had left before is read, then comes the end of the connection
        while await read_frame(reader) != CLOSE:
            pass
    writer.close()
    await system.until(lambda: system.hub.connections == 1)


async def test_a_replay_waits_for_a_client_that_reads_late(start_system: StartSystem, valkey: str) -> None:
    system = await start_system(valkey, limits=Limits(waiting_packets=120))
    job = await system.log.job(system.user)
    assert len([event async for event in big_events(system, job, 300)]) == 300
    late = await system.raw(joined=True)
    await late.send(f'42/wizard,["job:join",{{"jobId":"{job.job_id}","after":0}}]')
    healthy = await joined(system, job, after=0)
    assert await healthy.until_seq(302) == list(range(1, 303))
    for seq in range(1, 303):
        assert f'{{"seq":{seq},' in (await late.receive())[:60]


async def test_an_end_frees_rooms_and_cursors(system: System) -> None:
    job = await system.log.job(system.user)
    clients = [await joined(system, job, after=0) for _ in range(5)]
    assert system.hub.rooms == 2
    for client in clients:
        await client.close()
    await system.until(lambda: system.hub.connections == 0)
    assert (system.hub.rooms, system.hub.sockets) == (0, 0)
    await system.log.happen(job)
