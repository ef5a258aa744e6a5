"""PUBLISH: announce committed events, once and in order."""

from __future__ import annotations

from redis import Redis

from tests.integration.engine.lua import Lua, Operation

STREAM = "socket:events"


def event(seq: int, *, job: str = "j", final: int = 0) -> Operation:
    return ("publish", job, seq, final, "job:progress", "brand", "user", f'{{"seq":{seq}}}')


def published(redis: Redis, job: str = "j") -> list[int]:
    return [int(fields[b"s"]) for _, fields in redis.xrange(STREAM) if fields[b"j"] == job.encode()]


def test_an_entry_carries_everything_that_a_reader_needs(lua: Lua) -> None:
    before = lua.now_ms()
    text = '{"seq":1,"message":"Grüße \\u0000"}'
    lua.run(("publish", "logo-1", 1, 0, "job:queued", "brand-1", "user-1", text))
    ((stream_id, fields),) = lua.redis.xrange(STREAM)
    assert fields == {
        b"j": b"logo-1",
        b"s": b"1",
        b"e": b"job:queued",
        b"b": b"brand-1",
        b"u": b"user-1",
        b"d": text.encode(),
    }
    assert before <= int(stream_id.split(b"-")[0]) <= lua.now_ms(), "ids are Redis's own clock"


def test_events_come_in_order_and_a_double_is_dropped(lua: Lua) -> None:
    gaps, _ = lua.run(event(1), event(2), event(2), event(1), event(3))
    assert gaps == {}
    assert published(lua.redis) == [1, 2, 3]
    assert lua.redis.get("saq:seq:j") == b"3"


def test_a_hole_is_answered_and_nothing_is_published_above_it(lua: Lua) -> None:
    lua.run(event(1), event(2))
    gaps, _ = lua.run(event(5), event(6), event(1, job="other"))
    assert gaps == {"j": 2}
    assert published(lua.redis) == [1, 2]
    assert published(lua.redis, "other") == [1], "a neighbour is not held up"
    gaps, _ = lua.run(*(event(seq) for seq in range(3, 7)))
    assert gaps == {}
    assert published(lua.redis) == [1, 2, 3, 4, 5, 6]


def test_a_wiped_server_asks_for_everything_from_the_beginning(lua: Lua) -> None:
    gaps, _ = lua.run(event(4))
    assert gaps == {"j": 0}


def test_the_number_is_kept_a_day_and_ten_minutes_after_the_end(lua: Lua) -> None:
    lua.run(event(1))
    assert 86_000 < lua.redis.ttl("saq:seq:j") <= 86_400
    lua.run(event(2, final=1))
    assert 500 < lua.redis.ttl("saq:seq:j") <= 600


def test_the_stream_forgets_what_is_older_than_five_minutes(lua: Lua) -> None:
    old = lua.now_ms() - 301_000
    with lua.redis.pipeline(transaction=False) as pipeline:
        for number in range(500):  # trimming is by whole nodes of the stream, of 100 entries by default
            pipeline.xadd(STREAM, {"j": "old", "s": number}, id=f"{old}-{number + 1}")
        pipeline.execute()
    lua.run(event(1))
    assert published(lua.redis) == [1]
    assert len(published(lua.redis, "old")) < 100
