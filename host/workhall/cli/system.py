"""``up``, ``api`` and ``worker``: the system, whole or in parts."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workhall.cli.options import CommandError, DataDir

if TYPE_CHECKING:
    from workhall.engine.service import Service
    from workhall.settings import Settings

__all__ = ["add_to"]

Host = Annotated[str, typer.Option("--host", help="Address to listen on.")]
Port = Annotated[
    int | None, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 picks one. PORT where left out.")
]
HANG_MARGIN_S = 60.0  # beyond the grace time, until a process without a supervisor is ended by force


def add_to(app: typer.Typer) -> None:
    """Add this family's commands to ``app``."""
    app.command()(up)
    app.command()(api)
    app.command()(worker)


def up(
    host: Host = "127.0.0.1",
    port: Port = None,
    data: DataDir = None,
    api: Annotated[int, typer.Option("--api", min=1, help="Number of api processes.")] = 1,
    workers: Annotated[int, typer.Option("--workers", min=0, help="Number of worker processes.")] = 2,
) -> None:
    """Run the whole system in one command.

    Embedded Valkey unless REDIS_URL is set, SQLite unless DATABASE_URL is set, migrations, API, sockets, workers.
    Prints `ready http://HOST:PORT` when the first request can be served. SIGTERM or Ctrl-C drains it.
    """
    settings = _settings(data, "supervisor")
    from workhall.plugins.overrides import read_overrides
    from workhall.settings import environment
    from workhall.supervisor.plan import Plan
    from workhall.supervisor.up import run_up

    read_overrides(environment())  # a wrong figure is said once, before anything starts
    plan = Plan(host=host, port=settings.port if port is None else port, api=api, workers=workers)
    asyncio.run(run_up(settings, plan, typer.echo))


def api(host: Host = "127.0.0.1", port: Port = None, data: DataDir = None) -> None:
    """Run one api process: REST and sockets.

    It shares Redis, database and storage with the other processes, on this machine or on others.
    """
    _run(_serve(_settings(data), host, port))


def worker(
    queue: Annotated[
        list[str] | None, typer.Option("--queue", metavar="NAME", help="Serve this queue; all where left out.")
    ] = None,
    shared: Annotated[
        bool, typer.Option("--shared", help="Leave queues that have worker processes of their own to these.")
    ] = False,
    concurrency: Annotated[
        int | None, typer.Option("--concurrency", min=1, help="At most so many jobs of a queue at a time.")
    ] = None,
    health_port: Annotated[
        int | None, typer.Option("--health-port", min=0, max=65535, help="Answer GET /health on this port.")
    ] = None,
    data: DataDir = None,
) -> None:
    """Run one worker process.

    It shares Redis, database and storage with the other processes, on this machine or on others.
    """
    settings = _settings(data)
    from workhall.engine.service import Service

    _run(_work(settings, Service(queue or (), shared, concurrency), health_port))


async def _serve(settings: Settings, host: str, port: int | None) -> None:
    from workhall.api.serve import serve_api
    from workhall.supervisor.child import ChildLink, inherited_socket
    from workhall.supervisor.listener import local_url, open_listener, public_name

    link = ChildLink.from_environment(exit_after_s=settings.shutdown_grace_s + HANG_MARGIN_S)
    sock = inherited_socket()
    if sock is not None:
        await serve_api(settings, sock=sock, stop=link.stop, ready=link.ready)
        return
    settings = _with_redis(settings)
    listener = open_listener(host, settings.port if port is None else port)
    if not settings.public_url:
        settings = settings.model_copy(update={"public_url": local_url(host, listener)})
    name = public_name(host, listener)
    await serve_api(settings, sock=listener, stop=link.stop, ready=lambda: typer.echo(f"ready {name}"))


async def _work(settings: Settings, service: Service, health_port: int | None) -> None:
    from workhall.cli.health import Health, serve_health
    from workhall.engine.process import run_worker
    from workhall.supervisor.child import ChildLink

    link = ChildLink.from_environment(exit_after_s=settings.shutdown_grace_s + HANG_MARGIN_S)
    if not link.supervised:
        settings = _with_redis(settings)
    health = Health(stop=link.stop)

    def ready() -> None:
        health.ready = True
        link.ready()

    async with serve_health(health, health_port):
        try:
            await run_worker(settings, service, stop=link.stop, ready=ready)
        except ValueError as error:  # a queue that is not installed
            raise CommandError(str(error)) from error


def _settings(data: DataDir, process: str = "") -> Settings:
    from workhall.logs import configure_logging
    from workhall.settings import load_settings
    from workhall.supervisor.environment import PROCESS_NAME

    settings = load_settings(data)
    configure_logging(settings.log_level, process=process or os.environ.pop(PROCESS_NAME, ""))
    return settings


def _with_redis(settings: Settings) -> Settings:
    """Join the system that runs on the same data folder, where no Redis is configured."""
    from workhall.supervisor.runfile import read_running

    if settings.redis:
        return settings
    running = read_running(settings.data_dir)
    if running is None:
        raise CommandError(f"Set REDIS_URL: no Workhall runs on {settings.data_dir} whose server could be shared.")
    return settings.model_copy(update={"redis_url": running.redis_url})


def _run(main: Coroutine[Any, Any, None]) -> None:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
