"""Joining a job with ``after``: the rows first, then what comes, each event once, in order. On both databases."""

from __future__ import annotations

import asyncio

from tests.integration.realtime.clients import PythonClient
from tests.integration.realtime.conftest import System
from tests.integration.realtime.job_log import RunningJob


async def join(client: PythonClient, job: RunningJob, after: int) -> None:
    assert await client.ask("job:join", {"jobId": job.job_id, "after": after}) == {"ok": True}


async def test_every_client_sees_every_event_once_in_order_whenever_it_joins(system: System) -> None:
    """Clients join at the begin, the middle and the end, again and again, while events come and come twice."""
    job = await system.log.job(system.user)
    total = 302
    expected: list[tuple[PythonClient, int]] = []

    async def join_at_all_times() -> None:
        for number in range(12):
            client = await system.client()
            written = len(await system.log.store.events(job.job_id))
            seen = (0, written // 2, written)[number % 3]
            await join(client, job, seen)
            expected.append((client, seen))

    async def announce_twice() -> None:
        for _ in range(10):
            await asyncio.sleep(0.05)
            await system.log.announce(await system.log.store.events(job.job_id))

    await asyncio.gather(system.log.keep_happening(job, total - 2), join_at_all_times(), announce_twice())
    for seen in (0, total):
        late = await system.client()
        await join(late, job, seen)
        expected.append((late, seen))
    await system.log.happen(job)
    for client, seen in expected:
        assert await client.until_seq(total + 1) == list(range(seen + 1, total + 2))


async def test_the_answer_comes_before_the_first_event(system: System) -> None:
    job = await system.log.job(system.user)
    await system.log.happen(job, 5)
    raw = await system.raw(joined=True)
    await raw.send(f'42/wizard,1["job:join",{{"jobId":"{job.job_id}","after":5}}]')
    assert await raw.receive() == '43/wizard,1[{"ok":true}]'
    for seq in (6, 7):
        assert (await raw.receive()).startswith(f'42/wizard,["job:progress",{{"seq":{seq},"jobId":"{job.job_id}"')


async def test_a_long_history_does_not_cut_its_reader_off(system: System) -> None:
    jobs = [await system.log.job(system.user) for _ in range(2)]
    for job in jobs:
        await asyncio.gather(*(system.log.commit(job, 50) for _ in range(22)))
    client = await system.client()
    for job in jobs:
        await join(client, job, 0)
    for job in jobs:
        await client.until(lambda job=job: len(client.seqs(job.job_id)) >= 1102)
        assert client.seqs(job.job_id) == list(range(1, 1103))
    assert client.is_open


async def test_a_finished_job_is_told_to_its_end(system: System) -> None:
    job = await system.log.job(system.user)
    await system.log.commit(job, 3)
    await system.log.finish(job)
    client = await system.client()
    await join(client, job, 2)
    assert await client.until_seq(6) == [3, 4, 5, 6]
    assert client.events[-1][0] == "job:complete"


async def test_joining_again_replays_again(system: System) -> None:
    job = await system.log.job(system.user)
    client = await system.client()
    await join(client, job, 0)
    await client.until_seq(2)
    await join(client, job, 1)
    await client.until(lambda: len(client.events) == 3)
    assert await client.ask("job:join", {"jobId": job.job_id}) == {"ok": True}
    await system.log.happen(job)
    assert await client.until_seq(3) == [1, 2, 2, 3]


async def test_after_beyond_the_end_means_the_end(system: System) -> None:
    job = await system.log.job(system.user)
    client = await system.client()
    await join(client, job, 1_000_000)
    await system.log.happen(job)
    assert await client.until_seq(3) == [3]
