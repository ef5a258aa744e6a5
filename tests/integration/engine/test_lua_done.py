"""DONE: a worker is through with a job."""

from __future__ import annotations

from tests.integration.engine.lua import Lua


def test_the_workers_claims_hold_the_job_no_more(lua: Lua) -> None:
    lua.enqueue("a", "b")
    lua.claim("w1", q=2)
    lua.run(("done", "w1", "a"))
    assert lua.claims("w1") == {"b"}


def test_it_may_come_twice_or_for_a_job_that_was_never_claimed(lua: Lua) -> None:
    lua.enqueue("a")
    lua.run(("done", "w1", "a"), ("done", "w1", "a"), ("done", "w1", "b"))
    assert lua.claims("w1") == set()
    assert lua.ready() == ["a"], "the queue is none of its business"


def test_another_workers_claim_stays(lua: Lua) -> None:
    lua.enqueue("a")
    lua.claim("w1", q=1)
    lua.run(("done", "w2", "a"))
    assert lua.claims("w1") == {"a"}


def test_a_job_handed_back_in_one_script_is_in_its_queue_and_nobodys(lua: Lua) -> None:
    lua.enqueue("a")
    lua.claim("w1", q=1)
    lua.run(("enqueue", "a", "q", 5), ("done", "w1", "a"))
    assert (lua.ready(), lua.claims("w1")) == (["a"], set())
