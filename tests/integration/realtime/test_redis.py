"""The event stream comes and goes; clients do not notice."""

from __future__ import annotations

import logging

import pytest

from tests.fixtures.valkey import Valkey
from tests.integration.realtime.clients import PythonClient
from tests.integration.realtime.conftest import StartSystem, System
from tests.integration.realtime.job_log import RunningJob

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def followers(system: System, job: RunningJob) -> list[PythonClient]:
    """A client with a cursor, one in the job's room, one in the brand's; all have seen event 3."""
    await system.flushed()
    clients = [await system.client() for _ in range(3)]
    assert await clients[0].ask("job:join", {"jobId": job.job_id, "after": 2}) == {"ok": True}
    assert await clients[1].ask("job:join", {"jobId": job.job_id}) == {"ok": True}
    assert await clients[2].ask("brand:join", {"brandId": job.brand_id}) == {"ok": True}
    await system.log.happen(job)
    for client in clients:
        await client.until_seq(3, job.job_id)
    return clients


async def running(system: System) -> RunningJob:
    return await system.log.job(system.user, await system.log.brand(system.user))


async def test_a_restart_that_loses_everything_loses_no_event(start_system: StartSystem, own_valkey: Valkey) -> None:
    system = await start_system(own_valkey.url)
    job = await running(system)
    clients = await followers(system, job)
    await system.log.happen(job, 10)
    own_valkey.kill()
    await system.log.commit(job, 10)  # nobody can announce these
    own_valkey.start()
    await system.until(lambda: system.hub.is_live)
    await system.log.happen(job, 10)
    for client in clients:
        assert await client.until_seq(33, job.job_id) == list(range(3, 34))


async def test_what_was_lost_at_the_very_end_comes_without_another_event(
    start_system: StartSystem, own_valkey: Valkey
) -> None:
    system = await start_system(own_valkey.url)
    job = await running(system)
    clients = await followers(system, job)
    own_valkey.kill()
    await system.log.commit(job)
    await system.log.finish(job)
    own_valkey.start()
    for client in clients:
        assert await client.until_seq(5, job.job_id) == [3, 4, 5]
        assert client.events[-1][0] == "job:complete"


async def test_a_wipe_is_noticed_and_the_stream_read_from_its_new_beginning(system: System) -> None:
    job = await running(system)
    clients = await followers(system, job)
    lost = await system.log.commit(job, 2)
    await system.log.redis.flushall()
    await system.log.announce(await system.log.commit(job, 3), first_id=1)  # a server whose clock is behind
    for client in clients:
        assert await client.until_seq(8, job.job_id) == list(range(3, 9))
    assert [event.seq for event in lost] == [4, 5]


async def test_the_hub_starts_without_redis_and_reads_when_it_comes(
    start_system: StartSystem, own_valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "workhall.realtime")
    own_valkey.stop()
    system = await start_system(own_valkey.url)
    assert not system.hub.is_live
    client = await system.client()
    brand = await system.log.brand(system.user)
    assert await client.ask("brand:join", {"brandId": brand}) == {"ok": True}
    own_valkey.start()
    await system.until(lambda: system.hub.is_live)
    job = await system.log.job(system.user, brand)
    assert await client.until_seq(2, job.job_id) == [1, 2]
    lines = [record.message for record in caplog.records if "ive events" in record.message]
    assert len(lines) == 2
    assert lines[0].startswith("No live events: Redis cannot be read (")
    assert lines[1] == "Live events come again."


async def test_a_cut_connection_loses_nothing(system: System) -> None:
    job = await running(system)
    clients = await followers(system, job)
    for _ in range(5):
        await system.log.happen(job, 3)
        await system.log.redis.client_kill_filter(_type="normal", skipme=True)
        await system.log.happen(job, 3)
    for client in clients:
        assert await client.until_seq(33, job.job_id) == list(range(3, 34))


async def test_the_reader_has_a_connection_of_its_own_with_a_name(system: System) -> None:
    names = [client["name"] for client in await system.log.redis.client_list()]
    assert len([name for name in names if name.startswith("workhall-reader-")]) == 1


async def test_old_events_are_not_told_to_those_who_did_not_ask(start_system: StartSystem, valkey: str) -> None:
    first = await start_system(valkey)
    job = await running(first)
    await first.log.happen(job, 5)
    second = await start_system(valkey)
    await second.flushed()
    client = await second.client(first.user)
    await client.ask("brand:join", {"brandId": job.brand_id})
    await first.log.happen(job)
    assert await client.until_seq(8, job.job_id) == [8]
