"""One mail about a kind of failure in an hour, in the transaction of the dead letter."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import orjson
import pytest
from sqlalchemy import select
from workhall.jobs.alerts import AlertMail
from workhall.jobs.ids import job_id, now_ms, uuid7
from workhall.jobs.job_events import JobEvents
from workhall.jobs.messages import Claim, ClaimedJob, DeadLetter, JobWrite, NewJob, Submission, Written
from workhall.jobs.status import JobStatus
from workhall.jobs.store import SqlStore
from workhall.jobs.tables import dead_letters, generation_jobs, job_data
from workhall.plugins.hookup import new_hooks
from workhall.plugins.registry import RegisteredProcessor, Registry
from workhall.sdk import CATALOGUE, Processor, WireModel

SUPPORT = "support@hall.example"
HOUR_MS = 3_600_000
NOW = now_ms() // HOUR_MS * HOUR_MS


class Mail(WireModel):
    """The payload of email-send, as the requirements have it."""

    to: str
    template: str
    data: dict[str, Any]


class Fax(WireModel):
    number: str


def alerts(payload: type[WireModel] | None = Mail) -> AlertMail:
    """The alerts of a host with, or without, a queue for mails."""
    registered = {}
    if payload is not None:
        processor = Processor(queue="email-send", payload=payload, handler="x:y", priority=3)
        registered["email-send"] = RegisteredProcessor(processor, "email-send", "1", "0" * 16)
    return AlertMail(Registry((), registered, CATALOGUE, new_hooks()), SUPPORT)


async def died(store: SqlStore, queue: str = "logo-generation", fingerprint: str = "f", at: int = NOW) -> Written:
    identifier, events = job_id(queue), JobEvents("", queue, None)
    new = NewJob(
        job_id=identifier, queue_name=queue, job_type=queue, payload="{}", user_id=str(uuid7()), brand_id=None,
        priority=5, attempts_allowed=1, timeout_s=60, credits=0, plugin_version="1", schema_hash="0" * 16, run_at=NOW,
        created_at=NOW, event=events.queued(NOW),
    )  # fmt: skip
    await store.submit(Submission([new]))
    (claim,) = await store.claim([Claim(identifier, "w", now_ms())])
    assert isinstance(claim, ClaimedJob)
    failed = events.failed(at, error="no luck", retries_left=0, next_attempt_at=None)
    letter = DeadLetter(str(uuid7()), "no luck", "stack", fingerprint, 1, at)
    write = JobWrite(
        identifier, claim.claim_no, [failed], status=JobStatus.FAILED, completed_at=at, credits_settled=0,
        dead_letter=letter,
    )  # fmt: skip
    written = await store.write(write)
    assert written is not None
    return written


async def mails(store: SqlStore) -> list[dict[str, Any]]:
    statement = select(generation_jobs, job_data.c.payload).join(
        job_data, job_data.c.job_id == generation_jobs.c.job_id
    )
    wanted = statement.where(generation_jobs.c.queue_name == "email-send").order_by(generation_jobs.c.job_id)
    rows = await store.database.read(lambda connection: connection.execute(wanted).mappings().all())
    return [dict(row) for row in rows]


async def letters(store: SqlStore) -> int:
    found = await store.database.read(lambda connection: connection.execute(select(dead_letters)).all())
    return len(found)


async def test_the_mail_says_what_failed_and_is_ready_to_be_sent(store: SqlStore) -> None:
    written = await died(SqlStore(store.database, alerts()))
    (mail,) = await mails(store)
    failed = written.events[-1].job_id
    payload = orjson.loads(mail["payload"])
    assert (payload["to"], payload["template"]) == (SUPPORT, "generation-failed")
    assert payload["data"].pop("userId")
    assert payload["data"] == {
        "queue": "logo-generation",
        "jobId": failed,
        "error": "no luck",
        "brandId": None,
        "assetType": "logo",
    }
    assert (mail["status"], mail["user_id"], mail["priority"]) == ("queued", None, 3)
    assert [line.job_id for line in written.children] == [mail["job_id"]]
    assert (mail["job_id"], "job:queued") in [(event.job_id, event.name) for event in written.events]


async def test_one_mail_for_each_fingerprint_and_hour(store: SqlStore) -> None:
    alerting = SqlStore(store.database, alerts())
    other_process = SqlStore(store.database, alerts())
    await asyncio.gather(*(died(one) for one in (alerting, alerting, other_process)))
    assert len(await mails(store)) == 1
    await died(alerting, fingerprint="g")
    await died(alerting, at=NOW + HOUR_MS)
    assert len(await mails(store)) == 3
    assert await letters(store) == 5


@pytest.mark.parametrize(
    ("made", "queue", "why"),
    [
        (alerts(None), "logo-generation", 'the queue "email-send" is not installed'),
        (alerts(Fax), "logo-generation", "the payload does not fit"),
        (alerts(), "email-send", "it was a mail itself"),
    ],
    ids=["not installed", "another schema", "a mail"],
)
async def test_where_no_mail_can_be_sent_the_log_says_so_and_the_letter_is_kept(
    store: SqlStore, caplog: pytest.LogCaptureFixture, made: AlertMail, queue: str, why: str
) -> None:
    with caplog.at_level(logging.ERROR, "workhall.jobs"):
        await died(SqlStore(store.database, made), queue)
    assert await letters(store) == 1
    assert [mail["status"] for mail in await mails(store)] == (["failed"] if queue == "email-send" else [])
    (record,) = caplog.records
    assert why in record.getMessage()
