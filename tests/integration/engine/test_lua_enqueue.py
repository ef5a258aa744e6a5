"""ENQUEUE: the job may start now."""

from __future__ import annotations

from tests.integration.engine.lua import Lua


def test_a_job_stands_in_its_queue_exactly_once(lua: Lua) -> None:
    lua.enqueue("a", "b")
    lua.enqueue("a")
    assert lua.ready() == ["a", "b"]
    assert lua.ready("other") == []


def test_a_lower_number_comes_first_and_equals_keep_their_order(lua: Lua) -> None:
    for number in range(30):
        lua.enqueue(f"job{number:02}", priority=(7, 1, 1000)[number % 3])
    by_priority = [f"job{number:02}" for start in (1, 0, 2) for number in range(start, 30, 3)]
    assert lua.ready() == by_priority


def test_scores_stay_exact_at_the_lowest_priority_after_millions_of_jobs(lua: Lua) -> None:
    lua.redis.set("saq:order", 2**43 - 101)  # the highest numbers that the score has room for
    names = [f"job{number:02}" for number in range(99)]
    for name in reversed(names):
        lua.enqueue(name, priority=1000)
    assert lua.ready() == list(reversed(names))
    scores = [score for _, score in lua.redis.zrange("saq:q:ready", 0, -1, withscores=True)]
    assert scores == [1000 * 2**43 + 2**43 - 100 + place for place in range(99)]


def test_a_delayed_job_that_may_start_now_is_delayed_no_more(lua: Lua) -> None:
    lua.schedule("a", lua.now_ms() + 60_000)
    lua.enqueue("a")
    assert (lua.ready(), lua.delayed()) == (["a"], [])


def test_one_sleeper_is_woken_and_sleeps_no_more(lua: Lua) -> None:
    lua.live("w1", "w2")
    lua.claim("w1", q=1)
    lua.claim("w2", q=1)
    lua.enqueue("a")
    woken = [worker for worker in ("w1", "w2") if lua.tokens(worker) == ["q"]]
    assert len(woken) == 1
    assert lua.sleepers() == {"w1", "w2"} - set(woken)


def test_a_second_enqueue_of_the_same_job_wakes_nobody(lua: Lua) -> None:
    lua.live("w1")
    lua.enqueue("a")
    lua.claim("w1", other=1)
    lua.redis.sadd("saq:q:sleepers", "w1")
    lua.enqueue("a")
    assert lua.tokens("w1") == []


def test_sleepers_without_a_lease_are_passed_over(lua: Lua) -> None:
    lua.live("w-live")
    lua.live("w-expired", for_ms=-1)
    for worker in ("w-expired", "w-unknown", "w-live"):
        lua.claim(worker, q=1)
    lua.enqueue("a", "b", "c")
    assert lua.tokens("w-live") == ["q"]
    assert lua.tokens("w-expired") == lua.tokens("w-unknown") == []


def test_nobody_sleeps_and_nothing_happens(lua: Lua) -> None:
    lua.live("w1")
    lua.enqueue("a")
    assert lua.tokens("w1") == []
