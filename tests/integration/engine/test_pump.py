"""The pump: few scripts for many operations, and nothing lost while Redis is away."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from redis import Redis
from workhall.engine.connections import backoff_s, connect
from workhall.engine.pump import Pump
from workhall.jobs.ids import job_id, now_ms
from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import Claim, ClaimedJob, JobLine, JobWrite, LoggedEvent, Submission
from workhall.jobs.store import SqlStore

from tests.fixtures.rows import new_job
from tests.fixtures.valkey import Valkey
from tests.fixtures.waiting import eventually
from tests.integration.engine.lua import Lua
from tests.integration.engine.test_lua_publish import published


class Waiting:
    """A claimer with a number of free slots in one queue; keeps what it is given."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.got: list[str] = []
        self.missing: list[dict[str, int]] = []

    def wants(self) -> dict[str, int]:
        wanted, self.slots = self.slots, 0
        return {"q": wanted} if wanted else {}

    def claimed(self, wanted: dict[str, int], epoch: str, job_ids: list[str], due_in_s: float | None) -> None:
        self.got += job_ids

    def missed(self, wanted: dict[str, int]) -> None:
        self.missing.append(wanted)
        self.slots += sum(wanted.values())


async def no_events(_job_id: str, _after: int) -> list[LoggedEvent]:
    return []


@asynccontextmanager
async def running(url: str, claimer: Waiting | None = None, read: Callable = no_events) -> AsyncIterator[Pump]:
    redis = connect(url, "test")
    pump = Pump(redis, read, "w1")
    pump.start(claimer)
    yield pump
    await pump.close(flush_s=0.5)
    await redis.aclose()


def event(job: str, seq: int) -> LoggedEvent:
    return LoggedEvent(job, seq, "job:progress", '{"progress":1}', now_ms())


def line(job: str) -> JobLine:
    return JobLine(job, "q", 5, 0)


def scripts_run(redis: Redis) -> int:
    stats = redis.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("evalsha", "eval"))


@pytest.fixture
def keeping(own_valkey: Valkey) -> Iterator[Lua]:
    """The operations on a server of the test's own, to be stopped and started."""
    with own_valkey.client() as redis:
        yield Lua(redis, own_valkey.url)


async def test_many_operations_of_one_turn_leave_in_few_scripts(lua: Lua) -> None:
    async with running(lua.url) as pump:
        pump.ask()
        before = scripts_run(lua.redis)
        for number in range(1000):
            pump.enqueue([line(f"q-{number}")])
            pump.publish([event(f"q-{number}", 1)])
        await eventually(lambda: lua.redis.xlen("socket:events") == 1000)
    assert len(lua.ready()) == 1000
    assert scripts_run(lua.redis) - before <= 3


async def test_under_load_batches_form_by_themselves(lua: Lua) -> None:
    async with running(lua.url) as pump:
        before = scripts_run(lua.redis)
        for number in range(500):
            pump.publish([event(f"q-{number}", 1)])
            await asyncio.sleep(0)
        await pump.flushed()
    assert lua.redis.xlen("socket:events") == 500
    assert scripts_run(lua.redis) - before < 100


async def test_a_claim_and_the_operations_of_the_turn_share_a_script(lua: Lua) -> None:
    claimer = Waiting(slots=2)
    async with running(lua.url, claimer) as pump:
        before = scripts_run(lua.redis)
        pump.enqueue([line("q-1"), line("q-2"), line("q-3")])
        await eventually(lambda: claimer.got)
        assert scripts_run(lua.redis) - before <= 2, "the first one may be sent twice: the script is not yet known"
    assert claimer.got == ["q-1", "q-2"]
    assert lua.claims("w1") == {"q-1", "q-2"}


async def test_a_server_that_forgot_its_scripts_is_given_them_again(lua: Lua) -> None:
    async with running(lua.url) as pump:
        pump.publish([event("j", 1)])
        await pump.flushed()
        lua.redis.script_flush()
        pump.publish([event("j", 2)])
        await pump.flushed()
    assert published(lua.redis) == [1, 2]


async def test_redis_goes_and_comes_back_and_nothing_is_lost(
    own_valkey: Valkey, keeping: Lua, caplog: pytest.LogCaptureFixture
) -> None:
    claimer = Waiting(slots=1)
    async with running(own_valkey.url, claimer) as pump:
        pump.ask()
        await eventually(lambda: keeping.sleepers() == {"w1"})
        claimer.slots = 1
        own_valkey.stop()
        for seq in range(1, 301):
            pump.publish([event("j", seq)])
            await asyncio.sleep(0)
        pump.enqueue([line("q-1")])
        await eventually(lambda: not pump.is_up)
        await eventually(lambda: len(claimer.missing) >= 2)
        own_valkey.start()
        await eventually(lambda: claimer.got)
        assert pump.is_up
    assert published(keeping.redis) == list(range(1, 301))
    assert claimer.got == ["q-1"]
    told = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert [message.split(" (")[0] for message in told] == ["Redis is away", "Redis is back."]


async def test_it_knocks_less_and_less_often(own_valkey: Valkey) -> None:
    knocks: list[float] = []

    async def turn_away(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        knocks.append(time.monotonic())
        writer.close()

    own_valkey.stop()
    door = await asyncio.start_server(turn_away, "127.0.0.1", urlsplit(own_valkey.url).port)
    async with running(own_valkey.url) as pump:
        pump.publish([event("j", 1)])
        await eventually(lambda: len(knocks) >= 4)
        door.close()
        await door.wait_closed()
        own_valkey.start()
        await pump.flushed()
    waits = [later - earlier for earlier, later in pairwise(knocks)]
    for wait, least in zip(waits[:3], (0.2, 0.4, 0.6), strict=True):
        assert least <= wait < least + 0.5
    assert [backoff_s(tries) for tries in (1, 24, 25, 1000)] == [0.2, pytest.approx(4.8), 5.0, 5.0]


async def test_what_a_server_refuses_for_a_while_is_kept(own_valkey: Valkey, keeping: Lua) -> None:
    keeping.redis.config_set("min-replicas-to-write", 1)
    async with running(own_valkey.url) as pump:
        pump.publish([event("j", 1)])
        await eventually(lambda: not pump.is_up)
        keeping.redis.config_set("min-replicas-to-write", 0)
        await pump.flushed()
    assert published(keeping.redis) == [1]


async def test_what_a_server_refuses_for_good_is_dropped_and_does_not_block_the_rest(
    lua: Lua, caplog: pytest.LogCaptureFixture
) -> None:
    lua.redis.set("saq:bad:ready", "not a sorted set")
    async with running(lua.url) as pump:
        pump.enqueue([JobLine("bad-1", "bad", 5, 0)])
        await pump.flushed()
        pump.enqueue([line("q-1")])
        await pump.flushed()
    assert lua.ready() == ["q-1"]
    assert [record.levelname for record in caplog.records if "refused" in record.message] == ["ERROR"]


async def test_missing_events_are_read_from_the_rows_page_by_page(store: SqlStore, lua: Lua) -> None:
    job = await running_job(store, events=1500)
    async with running(lua.url, read=store.events) as pump:
        last = (await store.events(job, 1501))[-1]
        pump.publish([last])
        await eventually(lambda: len(published(lua.redis, job)) >= 1502)
    assert published(lua.redis, job) == list(range(1, 1503))


async def running_job(store: SqlStore, events: int) -> str:
    """A job that was claimed and has reported ``events`` times."""
    job = new_job()
    await store.submit(Submission([job]))
    (claimed,) = await store.claim([Claim(job.job_id, "w1", now_ms())])
    assert isinstance(claimed, ClaimedJob)
    make = JobEvents(job.job_id, "q", None, 1).make
    progress = [make("job:progress", now_ms(), status="a", progress=1) for _ in range(events)]
    await store.write(JobWrite(job.job_id, 1, progress))
    return job.job_id


async def test_closing_sends_what_is_waiting(lua: Lua) -> None:
    async with running(lua.url) as pump:
        for seq in range(1, 4001):
            pump.publish([event("j", seq)])
    assert published(lua.redis) == list(range(1, 4001))


async def test_closing_does_not_wait_long_for_a_server_that_is_away(
    own_valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    own_valkey.stop()
    async with running(own_valkey.url) as pump:
        pump.publish([event("j", 1)])
        await eventually(lambda: not pump.is_up)
        begun = time.monotonic()
    assert time.monotonic() - begun < 2
    assert "Redis did not take the last announcements; another process makes them good." in caplog.messages


async def test_jobs_that_a_claim_brings_after_claiming_stopped_are_given_back(lua: Lua) -> None:
    claimer = Waiting(slots=5)
    job_ids = [job_id("q"), job_id("q")]
    lua.enqueue(*job_ids)
    async with running(lua.url, claimer) as pump:
        await answers_held_up(lua, pump)
        pump.stop_claiming()
        before = scripts_run(lua.redis)
        lua.redis.client_unpause()
        await eventually(lambda: scripts_run(lua.redis) >= before + 2)
    assert (lua.ready(), lua.claims("w1"), claimer.got) == (job_ids, set(), [])


async def answers_held_up(lua: Lua, pump: Pump) -> None:
    """Have the pump's next script, its claim, wait inside the server."""
    lua.redis.client_pause(10_000, all=False)
    pump.ask()
    await eventually(lambda: any("b" in client["flags"] for client in lua.redis.client_list()))
