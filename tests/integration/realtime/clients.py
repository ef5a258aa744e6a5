"""Clients of the tests: the stock Python one, the stock JavaScript one, and bare WebSockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import socketio

WITHIN_S = 15
JS = Path(__file__).parents[2] / "acceptance" / "js"


class Inbox:
    """What a client received, and a way to wait for more."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._news = asyncio.Event()

    def note(self, name: str, data: dict[str, Any]) -> None:
        self.events.append((name, data))
        self._news.set()

    def seqs(self, job_id: str | None = None) -> list[int]:
        return [data["seq"] for _, data in self.events if job_id in (None, data["jobId"])]

    async def until(self, happened: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not happened():
                self._news.clear()
                await self._news.wait()

    async def until_seq(self, last: int, job_id: str | None = None) -> list[int]:
        """Wait for the event with that seq; returns all seqs so far."""
        try:
            await self.until(lambda: last in self.seqs(job_id)[-1:])
        except TimeoutError:
            raise AssertionError(f"waited for {last}, got {self.seqs(job_id)}") from None
        return self.seqs(job_id)


class PythonClient(Inbox):
    """python-socketio's client on /wizard."""

    def __init__(self) -> None:
        super().__init__()
        self.refusal: str | None = None
        self.is_open = False
        self._http = aiohttp.ClientSession()  # ours: the client leaves its own open where a connection fails
        self._client = socketio.AsyncClient(reconnection=False, handle_sigint=False, http_session=self._http)
        self._client.on("*", lambda name, data=None, *_more: self.note(name, data), namespace="/wizard")
        self._client.on("connect_error", self._refused, namespace="/wizard")
        self._client.on("disconnect", self._ended, namespace="/wizard")

    def _refused(self, data: Any = None, *_more: Any) -> None:
        self.refusal = data["message"] if isinstance(data, dict) else str(data)

    def _ended(self, *_more: Any) -> None:
        self.is_open = False
        self._news.set()

    async def connect(self, url: str, token: str | None) -> None:
        auth = {"token": token} if token is not None else None
        await self._client.connect(
            url, auth=auth, namespaces=["/wizard"], transports=["websocket"], wait_timeout=WITHIN_S
        )
        self.is_open = True

    async def ask(self, event: str, data: Any) -> Any:
        return await self._client.call(event, data, namespace="/wizard", timeout=WITHIN_S)

    async def until_closed(self) -> None:
        await self.until(lambda: not self.is_open)

    async def close(self) -> None:
        await self._client.disconnect()
        await self._http.close()


class NodeClient(Inbox):
    """The stock JavaScript client, in a process of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec("node", JS / "client.mjs", stdin=pipe, stdout=pipe)
        self._reading = asyncio.create_task(self._read())

    async def connect(self, url: str, token: str | None, namespace: str = "/wizard", **options: Any) -> dict[str, Any]:
        """Connect; returns how it ended."""
        before = len(self.lines)

        def outcomes() -> list[dict[str, Any]]:
            return [line for line in self.lines[before:] if "connected" in line or "refused" in line]

        self.tell(do="connect", url=url, namespace=namespace, token=token, options=options)
        await self.until(lambda: bool(outcomes()))
        return outcomes()[0]

    def tell(self, **command: Any) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")

    async def ask(self, event: str, data: Any) -> Any:
        number = len(self.lines)
        self.tell(do="emit", event=event, data=data, id=number)
        return (await self.until_line("ack", number))["data"]

    async def until_line(self, key: str, value: Any) -> dict[str, Any]:
        def found() -> list[dict[str, Any]]:
            return [line for line in self.lines if key in line and line[key] == value]

        await self.until(lambda: bool(found()))
        return found()[0]

    async def close(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        with suppress(BrokenPipeError, ConnectionResetError):
            await self._process.stdin.wait_closed()
        await self._process.wait()
        assert self._reading is not None
        await self._reading

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while text := await self._process.stdout.readline():
            line = json.loads(text)
            self.lines.append(line)
            if "event" in line:
                self.note(line["event"], line["args"][0])
            self._news.set()


class RawSocket:
    """A bare WebSocket that speaks the protocol by hand, or breaks it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def send(self, text: str) -> None:
        await self._socket.send_str(text)

    async def send_bytes(self, data: bytes) -> None:
        await self._socket.send_bytes(data)

    async def receive(self) -> str:
        """The next packet; pings are skipped."""
        while True:
            message = await self._socket.receive(timeout=WITHIN_S)
            assert message.type == aiohttp.WSMsgType.TEXT, message
            if message.data != "2":
                return str(message.data)

    async def ask(self, text: str) -> str:
        await self.send(text)
        return await self.receive()

    async def until_closed(self) -> None:
        """Read on until the server ends the connection."""
        while True:
            message = await self._socket.receive(timeout=WITHIN_S)
            if message.type != aiohttp.WSMsgType.TEXT:
                assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED), message
                return


class Poller:
    """A bare client that polls (Engine.IO protocol, revision 4, "HTTP long-polling")."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._address = http, f"{url}/socket.io/?EIO=4&transport=polling"
        self._timeout = aiohttp.ClientTimeout(WITHIN_S)

    async def open(self) -> None:
        (packet,) = await self.get()
        self._address += "&sid=" + json.loads(packet[1:])["sid"]

    async def get(self) -> list[str]:
        """Wait for packets; pings are skipped."""
        async with self._http.get(self._address, timeout=self._timeout) as answer:
            text = await answer.text()
        return [packet for packet in text.split("\x1e") if packet != "2"]

    async def post(self, *packets: str) -> int:
        """Send packets; returns the HTTP status."""
        body = "\x1e".join(packets)
        async with self._http.post(self._address, data=body, timeout=self._timeout) as answer:
            await answer.read()
            return answer.status
