"""CLAIM: take jobs for a worker."""

from __future__ import annotations

from tests.integration.engine.lua import Lua


def test_what_is_taken_stands_in_the_claims_and_in_no_queue(lua: Lua) -> None:
    lua.enqueue("a", "b", "c")
    assert lua.claim("w1", q=2).job_ids == ["a", "b"]
    assert lua.claims("w1") == {"a", "b"}
    assert (lua.ready(), lua.delayed()) == (["c"], [])


def test_two_workers_never_get_the_same_job(lua: Lua) -> None:
    lua.enqueue(*(f"job{number}" for number in range(50)))
    taken = [job_id for _ in range(10) for worker in ("w1", "w2") for job_id in lua.claim(worker, q=3).job_ids]
    assert sorted(taken) == sorted(f"job{number}" for number in range(50))


def test_priority_goes_before_age_and_age_decides_among_equals(lua: Lua) -> None:
    lua.enqueue("old-low", priority=9)
    lua.enqueue("first", "second", priority=3)
    lua.enqueue("urgent", priority=0)
    assert lua.claim("w1", q=9).job_ids == ["urgent", "first", "second", "old-low"]


def test_each_queue_gives_up_to_what_is_wanted_of_it(lua: Lua) -> None:
    lua.enqueue("a1", "a2", queue="a")
    lua.enqueue("b1", "b2", queue="b")
    assert lua.claim("w1", a=1, b=5).job_ids == ["a1", "b1", "b2"]
    assert lua.ready("a") == ["a2"]


def test_due_jobs_come_by_their_priority_and_later_ones_stay(lua: Lua) -> None:
    now = lua.now_ms()
    lua.schedule("due-low", now - 5000, priority=1000)
    lua.schedule("due-high", now - 10, priority=0)
    lua.schedule("due-now", now, priority=7)
    lua.schedule("later", now + 60_000, priority=0)
    lua.enqueue("waiting", priority=5)
    claimed = lua.claim("w1", q=10)
    assert claimed.job_ids == ["due-high", "waiting", "due-now", "due-low"]
    assert lua.delayed() == ["later"]
    assert 59_000 < claimed.due_ms <= 60_000


def test_more_due_jobs_than_one_claim_promotes_come_at_once_with_the_next(lua: Lua) -> None:
    now = lua.now_ms()
    lua.run(*(("schedule", f"job{number}", "q", 5, now - 1000 + number) for number in range(250)))
    got, answers = [], []
    for _ in range(3):
        claimed = lua.claim("w1", q=250)
        got += claimed.job_ids
        answers.append(claimed.due_ms)
    assert got == [f"job{number}" for number in range(250)]
    assert answers == [0, 0, -1]


def test_a_worker_that_got_less_than_it_wanted_is_a_sleeper_and_one_that_got_all_is_not(lua: Lua) -> None:
    lua.enqueue("a", "b")
    lua.claim("w1", q=2)
    assert lua.sleepers() == set()
    lua.claim("w1", q=1)
    assert lua.sleepers() == {"w1"}
    lua.enqueue("c")
    lua.redis.sadd("saq:q:sleepers", "w1")
    lua.claim("w1", q=1)
    assert lua.sleepers() == set(), "a worker without a free slot would take the token of one that has"


def test_what_is_left_wakes_the_next_sleeper_down_the_chain(lua: Lua) -> None:
    workers = [f"w{number}" for number in range(4)]
    lua.live(*workers)
    lua.enqueue(*(f"job{number}" for number in range(4)))
    lua.redis.sadd("saq:q:sleepers", *workers[1:])
    lua.claim("w0", q=1)
    woken = {"w0"}
    for _ in range(3):
        (next_one,) = {worker for worker in workers if lua.tokens(worker)} - woken
        woken.add(next_one)
        assert lua.claim(next_one, q=1).job_ids
    assert woken == set(workers)
    assert lua.ready() == []


def test_an_emptied_queue_wakes_nobody(lua: Lua) -> None:
    lua.live("w2")
    lua.enqueue("a")
    lua.redis.sadd("saq:q:sleepers", "w2")
    lua.claim("w1", q=1)
    assert lua.tokens("w2") == []


def test_the_answer_carries_the_epoch_or_nothing_where_there_is_none(lua: Lua) -> None:
    assert lua.claim("w1", q=1).epoch == ""
    lua.redis.set("saq:epoch", "e1")
    assert lua.claim("w1", q=1).epoch == "e1"


def test_the_answer_says_when_the_next_job_of_any_asked_queue_is_due(lua: Lua) -> None:
    assert lua.claim("w1", a=1, b=1).due_ms == -1
    now = lua.now_ms()
    lua.schedule("late", now + 50_000, queue="a")
    lua.schedule("soon", now + 20_000, queue="b")
    assert 19_000 < lua.claim("w1", a=1, b=1).due_ms <= 20_000
    assert 49_000 < lua.claim("w1", a=1).due_ms <= 50_000
