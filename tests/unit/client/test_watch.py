"""`watch` against a small real Socket.IO server that loses connections, sends events twice and late, or goes silent."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest
import socketio
import uvicorn
from workhall.client import ApiError, Unreachable, WorkhallClient
from workhall.client import watch as watch_module

LAST = 6


class Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):
        yield


class Host:
    """A server of one job's events; `script` says what each join is answered with."""

    def __init__(self) -> None:
        self.joins: list[int] = []
        self.script = []
        self.status, self.kept = "processing", []
        self.sio = socketio.AsyncServer(async_mode="asgi", namespaces="*")
        self.sio.on("connect", self.connect, namespace="/wizard")
        self.sio.on("job:join", self.join, namespace="/wizard")
        self.app = socketio.ASGIApp(self.sio, self.rest)

    async def connect(self, sid, environ, auth):
        assert auth["recovery"] is False
        if auth["token"] != "good":
            raise socketio.exceptions.ConnectionRefusedError("Authentication failed: invalid token")

    async def join(self, sid, data):
        if data["jobId"] != "job-1":
            return {"error": "Job not found"}
        self.joins.append(data["after"])
        asyncio.create_task(self.play(sid, self.script.pop(0)))  # noqa: RUF006
        return {"ok": True}

    async def play(self, sid, steps):
        for step in steps:
            if step == "cut":
                await self.sio.disconnect(sid, namespace="/wizard")
            else:
                await self.sio.emit(*wire(step), to=sid, namespace="/wizard")

    async def rest(self, scope, receive, send):
        import json

        answer = {"jobId": "job-1", "status": self.status, "message": "m", "result": 7, "error": "e"}
        if scope["path"].endswith("/events"):
            rows = [wire(seq) for seq in self.kept]
            answer = {"events": [{"seq": data["seq"], "event": name, "data": data} for name, (data, _) in rows]}
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


def wire(seq: int):
    name = "job:complete" if seq == LAST else "job:progress"
    return name, ({"jobId": "job-1", "seq": seq, "progress": seq}, "a trailing offset")


@pytest.fixture
async def host(monkeypatch):
    monkeypatch.setattr(watch_module, "_SILENCE_S", 0.3)
    host = Host()
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(host.app, lifespan="off", log_config=None, ws="websockets-sansio")
    server = Quiet(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    host.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    yield host
    server.should_exit = True
    await serving
    await host.sio.shutdown()
    listener.close()


@pytest.fixture
async def client(host):
    async with WorkhallClient(host.url, "good") as client:
        yield client


async def seqs(client: WorkhallClient, after: int = 0) -> list[int]:
    async with asyncio.timeout(20):
        return [event.seq async for event in client.watch("job-1", after)]


async def test_yields_every_event_once_in_order_to_the_last_one(host, client):
    host.script = [[1, 3, 2, 2, 4, 5, 5, 6, 6]]
    assert await seqs(client) == [1, 2, 3, 4, 5, 6]
    assert host.joins == [0]


async def test_goes_on_after_a_lost_connection_behind_the_last_event(host, client):
    host.script = [[1, 2, "cut"], ["cut"], [3, 4, "cut"], [5, 6]]
    assert await seqs(client) == [1, 2, 3, 4, 5, 6]
    assert host.joins == [0, 2, 2, 4]


async def test_starts_behind_after(host, client):
    host.script = [[5, 6]]
    assert await seqs(client, after=4) == [5, 6]


async def test_a_hole_that_stays_is_asked_for_again(host, client):
    host.script = [[1, 3], [2, 3, 4, 5, 6]]
    assert await seqs(client) == [1, 2, 3, 4, 5, 6]
    assert host.joins == [0, 1]


async def test_a_job_that_ended_in_silence_is_read_from_its_rows(host, client):
    host.script, host.status, host.kept = [[1, 2]], "complete", [1, 2, 3, 4, 5, 6]
    assert await seqs(client) == [1, 2, 3, 4, 5, 6]


async def test_a_job_whose_events_are_kept_no_more_still_ends(host, client):
    host.script, host.status = [[]], "complete"
    async with asyncio.timeout(20):
        events = [event async for event in client.watch("job-1")]
    assert [(event.name, event.data["result"]) for event in events] == [("job:complete", 7)]


async def test_another_token_is_refused(host):
    async with WorkhallClient(host.url, "bad") as client:
        with pytest.raises(ApiError, match="Authentication failed: invalid token") as caught:
            await seqs(client)
    assert caught.value.status == 401


async def test_another_job_is_refused(client):
    with pytest.raises(ApiError, match="Job not found"):
        await anext(client.watch("job-2"))


async def test_nobody_there_is_given_up(monkeypatch):
    monkeypatch.setattr(watch_module, "_GIVE_UP_S", 0.2)
    async with WorkhallClient("http://127.0.0.1:1", "good") as client:
        with pytest.raises(Unreachable, match=r"does not answer at http://127\.0\.0\.1:1"):
            await seqs(client)
        with pytest.raises(Unreachable):
            await client.job("job-1")
