"""Who may connect, from where, and how."""

from __future__ import annotations

import aiohttp
import pytest
from socketio.exceptions import ConnectionError as SocketError

from tests.integration.realtime.clients import PythonClient
from tests.integration.realtime.conftest import StartSystem, System

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def refusal(system: System, token: str | None) -> str:
    client = PythonClient()
    with pytest.raises(SocketError):
        await client.connect(system.url, token)
    await client.close()
    assert client.refusal is not None
    assert system.hub.sockets == 0
    return client.refusal


async def test_without_a_token(system: System) -> None:
    assert (await refusal(system, None)).startswith("Authentication required")
    assert (await refusal(system, "")).startswith("Authentication required")


async def test_with_a_bad_token(system: System) -> None:
    assert (await refusal(system, "nonsense")).startswith("Authentication failed")
    assert await refusal(system, system.token(ttl_s=-60)) == "Authentication failed: the token has expired"


async def test_with_no_token_at_all(system: System) -> None:
    for packet in ("40/wizard", "40/wizard,", '40/wizard,{"token":5}', "40/wizard,[1]", '40/wizard,"x"'):
        assert '{"message":"Authentication ' in await (await system.raw()).ask(packet)


@pytest.mark.parametrize("namespace", ["", "/nowhere,"])
async def test_other_namespaces_refuse(system: System, namespace: str) -> None:
    raw = await system.raw()
    answer = await raw.ask(f'40{namespace}{{"token":"{system.token()}"}}')
    assert answer == f'44{namespace}{{"message":"There is no such namespace; connect to /wizard"}}'


async def test_a_connection_joins_its_users_room_and_leaves_nothing_behind(system: System) -> None:
    client = await system.client()
    assert (system.hub.sockets, system.hub.rooms, system.hub.connections) == (1, 1, 1)
    await client.close()
    await system.until(lambda: system.hub.connections == 0)
    assert (system.hub.sockets, system.hub.rooms) == (0, 0)


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_pages_of_other_origins_are_refused(system: System, transport: str) -> None:
    async def status(origin: str) -> int:
        headers = {"Origin": origin}
        async with aiohttp.ClientSession() as session:
            if transport == "polling":
                async with session.get(f"{system.url}/socket.io/?EIO=4&transport=polling", headers=headers) as answer:
                    return answer.status
            try:
                url = f"{system.url}/socket.io/?EIO=4&transport=websocket"
                async with session.ws_connect(url, headers=headers):
                    return 200
            except aiohttp.WSServerHandshakeError as error:
                return error.status

    for origin in ("http://localhost:5173", "https://hall.example", system.url):
        assert await status(origin) == 200
    assert await status("https://evil.example") in (400, 403)


async def test_polling_works(system: System) -> None:
    poller = await system.poller()
    job = await system.log.job(system.user)
    await system.log.happen(job, 3)
    assert await poller.post(f'40/wizard,{{"token":"{system.token()}"}}') == 200
    assert (await poller.get())[0].startswith('40/wizard,{"sid":')
    assert await poller.post(f'42/wizard,1["job:join",{{"jobId":"{job.job_id}","after":2}}]') == 200
    got: list[str] = []
    while len(got) < 4:
        got += await poller.get()
    assert got[0] == '43/wizard,1[{"ok":true}]'
    assert [packet.split('"seq":')[1][0] for packet in got[1:]] == ["3", "4", "5"]
    assert await poller.post("41/wizard,", "1") == 200
    await system.until(lambda: system.hub.connections == 0)


async def test_several_processes_take_websockets_only(start_system: StartSystem, valkey: str) -> None:
    system = await start_system(valkey, transports=["websocket"])
    assert await (await system.client()).ask("brand:join", {"brandId": "x"})
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{system.url}/socket.io/?EIO=4&transport=polling") as answer,
    ):
        assert answer.status == 400
        assert (await answer.text()).startswith("Polling needs sticky routing")


async def test_a_closed_hub_ends_its_sockets_and_takes_no_more(system: System) -> None:
    client = await system.client()
    await system.hub.close()
    await client.until_closed()
    late = PythonClient()
    with pytest.raises(SocketError):
        await late.connect(system.url, system.token())
    await late.close()
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{system.url}/socket.io/?EIO=4&transport=polling") as answer,
    ):
        assert answer.status == 503
