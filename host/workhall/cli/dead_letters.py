"""``dead-letters``: the jobs that failed for good, over the REST API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workhall.cli.options import AsJson, CommandError, DataDir
from workhall.cli.output import print_json, print_pairs, print_table, show_time
from workhall.cli.target import connect

if TYPE_CHECKING:
    from workhall.client import WorkhallClient

__all__ = ["add_to"]

LetterId = Annotated[str, typer.Argument(metavar="ID", help="The dead letter's id, or that of its job.")]
LetterIds = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="Dead letters, by their ids or those of their jobs.")
]
QueueName = Annotated[str | None, typer.Option("--queue", metavar="NAME", help="Those of this queue.")]


def add_to(app: typer.Typer) -> None:
    """Add this family's commands to ``app``."""
    group = typer.Typer(help="Jobs that failed for good.", no_args_is_help=True, rich_markup_mode=None)
    for command in (list_letters, show, replay, purge):
        group.command(name=command.__name__.removesuffix("_letters"))(command)
    app.add_typer(group, name="dead-letters")


def list_letters(
    queue: QueueName = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """List dead letters, newest first."""
    asyncio.run(_list(queue, limit, as_json, data))


def show(letter_id: LetterId, as_json: AsJson = False, data: DataDir = None) -> None:
    """Show one dead letter with its payload and stack."""
    asyncio.run(_show(letter_id, as_json, data))


def replay(ids: LetterIds = None, queue: QueueName = None, as_json: AsJson = False, data: DataDir = None) -> None:
    """Run their jobs again, as new jobs, and print those jobs' ids; the letters stay until they are purged.

    With --queue, those that were replayed before are left alone.
    """
    _check_one_choice("--queue", ids, queue)
    asyncio.run(_replay(ids or [], queue, as_json, data))


def purge(
    ids: LetterIds = None,
    queue: QueueName = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Remove dead letters for good."""
    _check_one_choice("--queue or --all", ids, queue, everything)
    asyncio.run(_purge(ids or [], queue, as_json, data))


def _check_one_choice(options: str, ids: object, *choices: object) -> None:
    if sum(map(bool, (ids, *choices))) != 1:
        raise typer.BadParameter(f"name dead letters by their ids, or give {options}, one of them", param_hint="'ID'")


async def _list(queue: str | None, limit: int, as_json: bool, data: DataDir) -> None:
    async with connect(data) as client:
        letters = (await client.dead_letters(queue=queue, limit=limit))["deadLetters"]
    if as_json:
        print_json(letters)
        return
    rows = [
        (one["id"], one["originalJobId"], show_time(one["failedAt"]), one["attempts"], one["error"]) for one in letters
    ]
    print_table(("DEAD LETTER", "JOB", "FAILED", "ATTEMPTS", "ERROR"), rows)


async def _show(letter_id: str, as_json: bool, data: DataDir) -> None:
    async with connect(data) as client:
        letter = await client.dead_letter(letter_id)
    if as_json:
        print_json(letter)
    else:
        print_pairs({**letter, "failedAt": show_time(letter["failedAt"])})


async def _replay(ids: Sequence[str], queue: str | None, as_json: bool, data: DataDir) -> None:
    async with connect(data) as client:
        answer = await client.replay_queue(queue) if queue else await _replay_each(client, ids)
    if as_json:
        print_json(answer)
    else:
        for job_id in answer["jobIds"]:
            typer.echo(job_id)
    if refused := answer["refused"]:
        first = f"{refused[0]['id']}: {refused[0]['error'].rstrip('.')}"
        count = len(refused) + len(answer["jobIds"])
        raise CommandError(first + (f"; {len(refused)} of {count} were not replayed." if count > 1 else "."))


async def _replay_each(client: WorkhallClient, ids: Sequence[str]) -> dict[str, Any]:
    from workhall.client import ApiError, Unreachable

    job_ids, refused = [], []
    for letter_id in ids:
        try:
            job_ids.append((await client.replay(letter_id))["jobId"])
        except Unreachable:
            raise
        except ApiError as error:
            refused.append({"id": letter_id, "error": str(error)})
    return {"ok": True, "jobIds": job_ids, "refused": refused}


async def _purge(ids: Sequence[str], queue: str | None, as_json: bool, data: DataDir) -> None:
    removed = 0
    async with connect(data) as client:
        if ids:
            for letter_id in ids:
                await client.purge(letter_id)
                removed += 1
        else:
            async for letter_id in _all_ids(client, queue):
                await client.purge(letter_id)
                removed += 1
    if as_json:
        print_json({"ok": True, "removed": removed})
    else:
        typer.echo(f"Removed {removed} dead letter{'' if removed == 1 else 's'}.")


async def _all_ids(client: WorkhallClient, queue: str | None) -> AsyncIterator[str]:
    """Yield every dead letter's id; they may be removed meanwhile, the cursor stands for a place in time."""
    cursor: str | None = None
    while True:
        page = await client.dead_letters(queue=queue, limit=200, cursor=cursor)
        for letter in page["deadLetters"]:
            yield letter["id"]
        if (cursor := page["nextCursor"]) is None:
            return
