"""Two api processes over one database: what only shows when there is more than one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from workhall.jobs.store import SqlStore, open_database

from .conftest import Host, serving


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[SqlStore]:
    database = open_database(url)
    try:
        yield SqlStore(database)
    finally:
        await database.close()


async def test_one_idempotency_key_sent_to_two_processes_makes_one_job(
    host: Host, database_url: str, valkey_url: str
) -> None:
    await host.grant(100)
    body = {"brandId": await host.brand(), "text": "once"}
    async with opened(database_url) as store, serving(host.api.settings, store, valkey_url) as other:
        for number in range(10):
            key = {"Idempotency-Key": f"k-{number}"}
            answers = await asyncio.gather(
                *(one.post("/api/v1/jobs/echo-chamber", body, **key) for one in (host, other) * 4)
            )
            assert {answer.status_code for answer in answers} == {202}, [answer.text for answer in answers]
            assert len({answer.json()["jobId"] for answer in answers}) == 1
    assert (await host.rows())["generation_jobs"] == 10
