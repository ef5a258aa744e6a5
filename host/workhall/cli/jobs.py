"""``jobs``: the REST API and the socket from the shell."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workhall.cli.options import AsJson, CommandError, DataDir, UserId
from workhall.cli.output import print_json, print_pairs, print_table, show_time
from workhall.cli.target import connect

if TYPE_CHECKING:
    from workhall.client import Event, WorkhallClient

__all__ = ["add_to"]

JobId = Annotated[str, typer.Argument(metavar="ID", help="The job's id.")]


def add_to(app: typer.Typer) -> None:
    """Add this family's commands to ``app``."""
    group = typer.Typer(
        help="Submit, list, follow, cancel and retry jobs.", no_args_is_help=True, rich_markup_mode=None
    )
    for command in (submit, list_jobs, show, watch, cancel, retry):
        group.command(name=command.__name__.removesuffix("_jobs"))(command)
    app.add_typer(group, name="jobs")


def submit(
    queue: Annotated[str, typer.Argument(metavar="QUEUE", help="The queue's name.")],
    payload: Annotated[str, typer.Argument(metavar="JSON|@FILE|-", help="The payload; - reads standard input.")],
    watch: Annotated[bool, typer.Option("--watch", help="Follow the job to its end.")] = False,
    user: UserId = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Submit a job and print its id."""
    asyncio.run(_submit(queue, _payload(payload), watch, user, as_json, data))


def list_jobs(
    queue: Annotated[str | None, typer.Option("--queue", metavar="NAME", help="Only this queue.")] = None,
    status: Annotated[str | None, typer.Option("--status", help="Only this status, e.g. failed.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help="How many, newest first.")] = 20,
    user: UserId = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """List jobs, newest first."""
    asyncio.run(_list(queue, status, limit, user, as_json, data))


def show(job_id: JobId, as_json: AsJson = False, data: DataDir = None) -> None:
    """Show one job."""
    asyncio.run(_show(job_id, as_json, data))


def watch(
    job_id: JobId,
    after: Annotated[int, typer.Option("--after", min=0, metavar="SEQ", help="Start behind this event.")] = 0,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Follow one job to its end; exit 1 where it fails."""
    asyncio.run(_watch(job_id, after, as_json, data))


def cancel(job_id: JobId, as_json: AsJson = False, data: DataDir = None) -> None:
    """Cancel one job: at once where it waits, at its next await where it runs."""
    asyncio.run(_cancel(job_id, as_json, data))


def retry(job_id: JobId, as_json: AsJson = False, data: DataDir = None) -> None:
    """Run an ended job again, as a new job, and print that one's id."""
    asyncio.run(_retry(job_id, as_json, data))


async def _submit(
    queue: str, payload: dict[str, Any], follow: bool, user: UserId, as_json: bool, data: DataDir
) -> None:
    async with connect(data, user) as client:
        accepted = await client.submit(queue, payload)
        if as_json:
            print_json(accepted)
        else:
            typer.echo(accepted["jobId"])
        if follow:
            await _follow(client, accepted["jobId"], 0, as_json)


async def _list(queue: str | None, status: str | None, limit: int, user: UserId, as_json: bool, data: DataDir) -> None:
    async with connect(data, user) as client:
        page = await client.jobs(queue=queue, status=status, limit=limit)
    if as_json:
        print_json(page["jobs"])
        return
    rows = [
        (
            job["jobId"],
            job["status"],
            f"{job['progress']} %",
            show_time(job["createdAt"]),
            job["error"] or job["message"],
        )
        for job in page["jobs"]
    ]
    print_table(("JOB", "STATUS", "PROGRESS", "CREATED", "MESSAGE"), rows)


async def _show(job_id: str, as_json: bool, data: DataDir) -> None:
    async with connect(data) as client:
        job = await client.job(job_id)
    if as_json:
        print_json(job)
        return
    times = {name: show_time(value) for name, value in job.items() if name.endswith("At") and value}
    print_pairs({**job, **times})


async def _watch(job_id: str, after: int, as_json: bool, data: DataDir) -> None:
    async with connect(data) as client:
        await _follow(client, job_id, after, as_json)


async def _cancel(job_id: str, as_json: bool, data: DataDir) -> None:
    async with connect(data) as client:
        answer = await client.cancel(job_id)
    if as_json:
        print_json(answer)
    else:
        typer.echo(f"{answer['message']}.")


async def _retry(job_id: str, as_json: bool, data: DataDir) -> None:
    async with connect(data) as client:
        answer = await client.retry(job_id)
    if as_json:
        print_json(answer)
    else:
        typer.echo(answer["jobId"])


async def _follow(client: WorkhallClient, job_id: str, after: int, as_json: bool) -> None:
    """Print a job's way to its end.

    Raises:
        CommandError: it failed or was cancelled.
    """
    last = await (_print_events if as_json else _show_bar)(client, job_id, after)
    if last is None or last.name == "job:complete":
        return
    if last.data.get("cancelled"):
        raise CommandError("The job was cancelled.")
    raise CommandError(f"The job failed: {last.data.get('error')}")


async def _print_events(client: WorkhallClient, job_id: str, after: int) -> Event | None:
    event = None
    async for event in client.watch(job_id, after):
        typer.echo(json.dumps({"event": event.name, "seq": event.seq, "data": event.data}, ensure_ascii=False))
    return event


async def _show_bar(client: WorkhallClient, job_id: str, after: int) -> Event | None:
    from workhall.cli.progress import job_progress

    event = None
    with job_progress(job_id) as feed:
        async for event in client.watch(job_id, after):
            feed(event)
    if event is not None and event.data.get("result") is not None:
        print_json(event.data["result"])
    return event


def _payload(text: str) -> dict[str, Any]:
    try:
        if text == "-":
            text = sys.stdin.read()
        elif text.startswith("@"):
            text = Path(text[1:]).read_text(encoding="utf-8")
        value = json.loads(text)
    except OSError as error:
        raise typer.BadParameter(f"{text[1:]} cannot be read ({error.strerror})", param_hint="'PAYLOAD'") from None
    except ValueError as error:
        raise typer.BadParameter(f"this is not JSON ({error})", param_hint="'PAYLOAD'") from None
    if not isinstance(value, dict):
        raise typer.BadParameter("the payload must be a JSON object, {...}", param_hint="'PAYLOAD'")
    return value
