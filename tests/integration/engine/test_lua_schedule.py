"""SCHEDULE: the job may start from a time on."""

from __future__ import annotations

from tests.integration.engine.lua import Lua

# A day far in the future in which epoch milliseconds still have 13 digits.
YEAR_2250 = 8_835_955_200_000


def test_a_job_stands_among_the_delayed_once_with_its_newest_time(lua: Lua) -> None:
    soon, later = lua.now_ms() + 60_000, lua.now_ms() + 120_000
    lua.schedule("a", later)
    lua.schedule("b", soon)
    assert lua.delayed() == ["b", "a"]
    lua.schedule("a", soon - 1)
    assert lua.delayed() == ["a", "b"]


def test_a_job_that_waited_in_its_queue_waits_there_no_more(lua: Lua) -> None:
    lua.enqueue("a")
    lua.schedule("a", lua.now_ms() + 60_000)
    assert (lua.ready(), lua.delayed()) == ([], ["a"])


def test_scores_are_exact_to_the_millisecond_and_the_priority(lua: Lua) -> None:
    lua.schedule("today", lua.now_ms(), priority=1000)
    lua.schedule("far", YEAR_2250, priority=1000)
    lua.schedule("farther", YEAR_2250 + 1, priority=0)
    assert lua.redis.zscore("saq:q:delayed", "far") == YEAR_2250 * 1024 + 1000
    assert lua.redis.zscore("saq:q:delayed", "farther") == (YEAR_2250 + 1) * 1024
    assert lua.delayed() == ["today", "far", "farther"]


def test_the_first_to_come_due_wakes_a_sleeper_and_a_later_one_does_not(lua: Lua) -> None:
    lua.live("w1")
    lua.claim("w1", q=1)
    lua.schedule("a", lua.now_ms() + 60_000)
    assert lua.tokens("w1") == ["q"]
    lua.claim("w1", q=1)
    lua.schedule("b", lua.now_ms() + 120_000)
    assert lua.tokens("w1") == ["q"]
    lua.schedule("c", lua.now_ms() + 30_000)
    assert lua.tokens("w1") == ["q", "q"]


def test_dead_sleepers_are_passed_over(lua: Lua) -> None:
    lua.live("w-live")
    for worker in ("w-dead", "w-live"):
        lua.claim(worker, q=1)
    lua.schedule("a", lua.now_ms() + 60_000)
    assert (lua.tokens("w-live"), lua.tokens("w-dead")) == (["q"], [])
