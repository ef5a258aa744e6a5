"""The stock JavaScript client."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.realtime.conftest import System

pytestmark = [
    pytest.mark.node,
    pytest.mark.usefixtures("node"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


async def test_refusals_are_sentences(system: System) -> None:
    client = await system.node()
    for token, namespace, sentence in (
        (None, "/wizard", "Authentication required: no token provided"),
        ("nonsense", "/wizard", "Authentication failed: invalid token"),
        (system.token(ttl_s=-60), "/wizard", "Authentication failed: the token has expired"),
        (system.token(), "/", "There is no such namespace; connect to /wizard"),
        (system.token(), "/nowhere", "There is no such namespace; connect to /wizard"),
    ):
        assert await client.connect(system.url, token, namespace) == {"refused": sentence}


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]])
async def test_a_job_is_followed_from_its_begin_to_its_end(system: System, transports: list[str]) -> None:
    client = await system.node()
    assert await client.connect(system.url, system.token(), transports=transports) == {
        "connected": True,
        "recovered": False,
    }
    job = await system.log.job(system.user, await system.log.brand(system.user))
    assert await client.ask("job:join", {"jobId": job.job_id, "after": 0}) == {"ok": True}
    assert await client.ask("brand:join", {"brandId": job.brand_id}) == {"ok": True}
    if len(transports) == 2:
        await client.until_line("upgraded", "websocket")
    await system.log.keep_happening(job, 50)
    await system.log.announce(await system.log.finish(job))
    assert await client.until_seq(53, job.job_id) == list(range(1, 54))
    assert client.events[-1][0] == "job:complete"
    status = await client.ask("job:status", {"jobId": job.job_id})
    assert (status["state"], status["result"]) == ("completed", {"answer": 42})
    assert await client.ask("job:join", {"jobId": "nonsense"}) == {"error": "Job not found"}


async def test_a_client_that_lost_its_connection_goes_on_with_after(system: System) -> None:
    client = await system.node()
    await client.connect(system.url, system.token(), reconnectionDelay=50, transports=["websocket"])
    job = await system.log.job(system.user)
    await client.ask("job:join", {"jobId": job.job_id, "after": 0})

    async def lose_and_return() -> None:
        for number in range(3):
            await client.until(lambda number=number: len(client.events) > 40 * number + 10)
            client.tell(do="cut")
            await client.until(lambda number=number: sum("connected" in line for line in client.lines) == number + 2)
            last = client.seqs()[-1]
            assert await client.ask("job:join", {"jobId": job.job_id, "after": last}) == {"ok": True}

    await asyncio.gather(system.log.keep_happening(job, 300), lose_and_return())
    assert await client.until_seq(302) == list(range(1, 303))


async def test_a_server_that_closes_lets_its_clients_come_back(system: System) -> None:
    client = await system.node()
    await client.connect(system.url, system.token(), transports=["websocket"])
    await system.hub.close()
    await client.until_line("disconnected", "transport close")  # the reason after which the client reconnects by itself
