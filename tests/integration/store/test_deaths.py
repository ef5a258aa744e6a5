"""Charging a job for the death of its worker, on both databases."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sqlalchemy import select
from workhall.jobs.ids import now_ms, uuid7
from workhall.jobs.messages import Claim, ClaimedJob, Rescue, Submission
from workhall.jobs.status import JobStatus
from workhall.jobs.store import SqlStore
from workhall.jobs.store.credits import Balance, grant_credits, read_balance
from workhall.jobs.store.deaths import Death, charge_death, read_under_way
from workhall.jobs.store.queues import isolate_queues, read_isolated, remember_queues
from workhall.jobs.store.records import read_attempts
from workhall.jobs.tables import dead_letters
from workhall.sdk import fixed

from tests.integration.store.test_store import claimed, new_job, row, submitted


def death(claim: ClaimedJob, worker: str = "w", **changes: Any) -> Death:
    values = {"cause": "SIGSEGV", "backoff": fixed(7), "stack": "Current thread\x00", "at_ms": now_ms(), **changes}
    return Death(claim.job_id, claim.claim_no, worker, **values)


async def charged(store: SqlStore, one: Death) -> JobStatus | None:
    return await store.database.write(lambda connection: charge_death(connection, one))


async def letters(store: SqlStore, job_id: str) -> list[dict[str, Any]]:
    statement = select(dead_letters).where(dead_letters.c.original_job_id == job_id)
    return await store.database.read(lambda connection: [dict(one) for one in connection.execute(statement).mappings()])


async def again(store: SqlStore, job_id: str) -> ClaimedJob:
    (claim,) = await store.claim([Claim(job_id, "w", now_ms() + 60_000)])
    assert isinstance(claim, ClaimedJob)
    return claim


async def test_a_death_is_a_failure_with_the_policy_s_wait(store: SqlStore) -> None:
    claim = await claimed(store, await submitted(store, attempts_allowed=5))
    worker = (await row(store, claim.job_id))["worker_id"]
    one = death(claim, worker)
    assert await store.database.read(lambda connection: read_under_way(connection, worker)) == [(claim.job_id, 1)]
    assert await charged(store, one) is JobStatus.RETRYING
    after = await row(store, claim.job_id)
    assert (after["deaths"], after["failures"], after["worker_id"]) == (1, 1, None)
    assert after["run_at"] == one.at_ms + 7000
    (attempt,) = await store.database.read(lambda connection: read_attempts(connection, claim.job_id))
    assert (attempt["status"], attempt["error"]) == ("failed", "worker died: SIGSEGV while running this job")
    event = (await store.events(claim.job_id))[-1]
    said = orjson.loads(event.wire)
    assert (event.name, said["retriesLeft"], said["nextAttemptAt"]) == ("job:failed", 4, after["run_at"])
    assert event.seq == after["last_seq"]
    assert await letters(store, claim.job_id) == []


async def test_the_third_death_ends_the_job_with_a_dead_letter_and_its_credits_back(store: SqlStore) -> None:
    user = str(uuid7())
    await store.database.write(lambda connection: grant_credits(connection, user, 3))
    job = new_job(attempts_allowed=9, credits=3, user_id=user)
    await store.submit(Submission([job]))
    outcomes = []
    for _ in range(3):
        claim = await again(store, job.job_id)
        outcomes.append(await charged(store, death(claim)))
    assert outcomes == [JobStatus.RETRYING, JobStatus.RETRYING, JobStatus.FAILED]
    (letter,) = await letters(store, job.job_id)
    assert (letter["error"], letter["attempts"], letter["original_queue"]) == ("worker died (SIGSEGV)", 3, "noop")
    assert "\x00" not in letter["stack"]
    balance = await store.database.read(lambda connection: read_balance(connection, user))
    assert balance == Balance(remaining=3, used=0, reserved=0)
    said = orjson.loads((await store.events(job.job_id))[-1].wire)
    assert (said["retriesLeft"], said["nextAttemptAt"]) == (0, None)


async def test_a_death_of_the_last_attempt_allowed_ends_the_job(store: SqlStore) -> None:
    job = await submitted(store, attempts_allowed=1)
    claim = await again(store, job.job_id)
    assert await charged(store, death(claim)) is JobStatus.FAILED
    assert len(await letters(store, job.job_id)) == 1


@pytest.mark.parametrize("change", [{"worker_id": "another"}, {"claim_no": 2}])
async def test_another_worker_s_or_attempt_s_death_changes_nothing(store: SqlStore, change: dict[str, Any]) -> None:
    job = await submitted(store)
    claim = await again(store, job.job_id)
    before = await row(store, job.job_id)
    one = death(claim)
    other = Death(
        one.job_id,
        change.get("claim_no", one.claim_no),
        change.get("worker_id", one.worker_id),
        one.cause,
        one.backoff,
        one.stack,
        one.at_ms,
    )
    assert await charged(store, other) is None
    assert await row(store, job.job_id) == before


async def test_a_job_that_was_rescued_already_is_not_charged(store: SqlStore) -> None:
    job = await submitted(store)
    claim = await again(store, job.job_id)
    await store.rescue([Rescue(job.job_id, "w", claim.event, now_ms())])  # type: ignore[arg-type]
    assert await charged(store, death(claim)) is None
    assert (await row(store, job.job_id))["failures"] == 0


async def test_an_isolated_queue_stays_isolated_when_its_plugin_comes_again(store: SqlStore) -> None:
    def remember(connection: Any) -> None:
        remember_queues(connection, {"one": "plugin", "two": "plugin"})

    await store.database.write(remember)
    assert await store.database.read(read_isolated) == []
    await store.database.write(lambda connection: isolate_queues(connection, ["two"]))
    await store.database.write(remember)
    assert await store.database.read(read_isolated) == ["two"]
