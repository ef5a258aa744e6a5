"""A source that misbehaves on demand, real names and connections under observation."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpcore
import httpx
import pytest
from workhall.providers.client import guarded_client

PUBLIC = "93.184.215.14"
OTHER_PUBLIC = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"

Script = Callable[[asyncio.StreamWriter], Awaitable[None]]
BODY = bytes(range(256)) * 1000
SIGNED = "?sig=s3cret"


class Source:
    """A loopback HTTP server whose answers are scripts that write raw bytes."""

    def __init__(self) -> None:
        self.scripts: dict[str, Script] = {}
        self.heads: list[str] = []
        self.hung_up = asyncio.Event()  # set when a client closes its connection
        self.serving: set[asyncio.Task[None]] = set()
        self.port = 0

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}{SIGNED}"

    def says(self, status: int, body: bytes = b"", *, path: str = "/", **headers: str) -> None:
        """Answer `path` properly, with Content-Length unless `headers` has another one."""
        fields = {"Content-Length": str(len(body))} | {name.replace("_", "-"): text for name, text in headers.items()}
        head = "".join(f"{name}: {text}\r\n" for name, text in fields.items())
        self.sends(f"HTTP/1.1 {status} x\r\n{head}\r\n".encode() + body, path=path)

    def sends(self, *chunks: bytes, path: str = "/", then: Script | None = None) -> None:
        """Answer `path` with `chunks` as they are and hang up after `then`."""

        async def script(writer: asyncio.StreamWriter) -> None:
            writer.writelines(chunks)
            await writer.drain()
            if then is not None:
                await then(writer)

        self.scripts[path] = script

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection: one request, one script."""
        serving = asyncio.current_task()
        assert serving is not None
        self.serving.add(serving)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            running = asyncio.ensure_future(self.scripts[head.split(" ")[1].split("?")[0]](writer))
            gone = asyncio.ensure_future(self.watch(reader))
            try:
                await asyncio.wait((running, gone), return_when=asyncio.FIRST_COMPLETED)
            finally:
                running.cancel()
                gone.cancel()
                await asyncio.gather(running, gone, return_exceptions=True)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def watch(self, reader: asyncio.StreamReader) -> None:
        """Note when the client hangs up."""
        with suppress(OSError):
            await reader.read()
        self.hung_up.set()

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Source]:
        """Listen on a free port; no connection outlives the block."""
        it = cls()
        server = await asyncio.start_server(it.answer, "127.0.0.1", 0)
        it.port = server.sockets[0].getsockname()[1]
        try:
            yield it
        finally:
            server.close()
            for task in it.serving:
                task.cancel()
            await asyncio.gather(*it.serving, return_exceptions=True)
            await server.wait_closed()


@pytest.fixture
async def source() -> AsyncIterator[Source]:
    async with Source.open() as it:
        yield it


@pytest.fixture
async def client(source: Source) -> AsyncIterator[httpx.AsyncClient]:
    async with guarded_client(frozenset({("127.0.0.1", source.port)})) as it:
        yield it


async def silence(_: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def endless_bytes(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(bytes(65536))
        await writer.drain()


async def drips(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


class _Connections:
    """Every address that Python code of this process connects a socket to, by the interpreter's own audit events."""

    def __init__(self) -> None:
        self.made: list[Any] | None = None
        sys.addaudithook(self._hook)  # stays for the life of the process, so there is one, switched on and off

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "socket.connect" and self.made is not None:
            self.made.append(args[1])


_CONNECTIONS = _Connections()


@pytest.fixture
def connections() -> Iterator[list[Any]]:
    _CONNECTIONS.made = []
    yield _CONNECTIONS.made
    _CONNECTIONS.made = None


@asynccontextmanager
async def web_server(answer: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Serve `answer` to every request on loopback; yields the port and the heads of the requests so far."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1], heads


HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\nConnection: close\r\n\r\nhello"


class Detour(httpcore.AsyncNetworkBackend):
    """Notes which address would be dialled and connects to a loopback server instead, or fails for some."""

    def __init__(self, port: int = 0, failing: frozenset[str] = frozenset()) -> None:
        self.dialled: list[tuple[str, int, float | None]] = []
        self._port, self._failing, self._real = port, failing, httpcore.AnyIOBackend()

    async def connect_tcp(self, host: str, port: int, timeout: float | None = None, *_: Any, **__: Any) -> Any:
        self.dialled.append((host, port, timeout))
        if host in self._failing:
            raise httpcore.ConnectError("unreachable")
        return await self._real.connect_tcp("127.0.0.1", self._port, timeout)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Give host names answers: `names([first answer], [second answer])` returns the list of names looked up."""

    def use(*answers: list[str]) -> list[str]:
        looked_up: list[str] = []

        def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
            answer = answers[min(len(looked_up), len(answers) - 1)]
            looked_up.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answer]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return looked_up

    return use


def assert_plain_sentence(error: Exception) -> None:
    text = str(error)
    assert text.endswith(".")
    assert "\n" not in text
    assert "s3cret" not in text
