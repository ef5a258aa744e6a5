"""``demo``: four logos from one command, through the real system from REST to the socket."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, uuid5

import typer

from workhall.cli.options import CommandError, DataDir

if TYPE_CHECKING:
    from workhall.client import WorkhallClient
    from workhall.settings import Settings

__all__ = ["add_to"]

USER: Final = str(uuid5(NAMESPACE_URL, "https://workhall.example/demo"))
LOGOS: Final = 4
CREDITS: Final = 40
BRAND: Final = "Juniper & Tide"
REQUEST: Final[Mapping[str, Any]] = {
    "brandName": BRAND,
    "logoStyle": "modern",
    "colorPalette": ["#0F3D3E", "#E2725B", "#F2E8CF", "#1B1B1E"],
    "brandVision": "Botanical skincare from the coast: calm, honest, made in small batches from juniper and sea salt.",
    "archetype": "The Caregiver",
    "count": LOGOS,
}
_TOKEN_TTL_S: Final = 3600


def add_to(app: typer.Typer) -> None:
    """Add this family's commands to ``app``."""
    app.command()(demo)


def demo(data: DataDir = None) -> None:
    """Make four logos, from nothing, in one command.

    Starts everything, shows the progress, prints where the pictures are, and stops again.
    Needs no key, no service and no network.
    """
    from workhall.settings import load_settings

    asyncio.run(_demo(load_settings(data)))


async def _demo(settings: Settings) -> None:
    from workhall.access.tokens import issue_token
    from workhall.cli.demo_host import demo_host
    from workhall.client import WorkhallClient

    typer.echo(f"Starting Workhall on {settings.data_dir}")
    async with demo_host(settings.data_dir) as url:
        typer.echo(f"Workhall is ready at {url}")
        user = issue_token(settings, USER, "user", _TOKEN_TTL_S)
        admin = issue_token(settings, None, "admin", _TOKEN_TTL_S)
        async with WorkhallClient(url, user) as client, WorkhallClient(url, admin) as operator:
            pictures = await _make_logos(client, operator, settings.data_dir)
    typer.echo(f"{len(pictures)} logos for {BRAND}:")
    for picture in pictures:
        typer.echo(str(picture))


async def _make_logos(client: WorkhallClient, operator: WorkhallClient, data_dir: Path) -> list[Path]:
    brand_id = await _brand(client)
    await _fill_up_credits(client, operator)
    accepted = await client.generate("logos", {"brandId": brand_id, **REQUEST})
    result = await _follow(client, accepted["jobId"])
    await _wait_for_uploads(client, accepted["jobId"])
    return await _pictures(client, brand_id, result, data_dir)


async def _brand(client: WorkhallClient) -> str:
    """Return the demo's brand; a second run finds the first one's."""
    known = [brand for brand in await client.brands() if brand["name"] == BRAND]
    brand = known[0] if known else await client.create_brand(BRAND)
    return str(brand["id"])


async def _fill_up_credits(client: WorkhallClient, operator: WorkhallClient) -> None:
    if (await client.credits())["creditsRemaining"] < LOGOS:
        await operator.grant_credits(USER, CREDITS)


async def _follow(client: WorkhallClient, job_id: str) -> Mapping[str, Any]:
    """Show the job's progress, fed by the socket; returns its result."""
    from workhall.cli.progress import job_progress

    parts = [f"logo {number}" for number in range(1, LOGOS + 1)]
    last = None
    with job_progress(f"{LOGOS} logos", parts) as feed:
        async for last in client.watch(job_id):
            feed(last)
    if last is None or last.name != "job:complete":
        raise CommandError(f"The logos could not be made: {last.data.get('error') if last else 'no answer'}")
    result: Mapping[str, Any] = last.data.get("result") or {}
    return result


async def _wait_for_uploads(client: WorkhallClient, job_id: str) -> None:
    children = (await client.jobs(parent_job_id=job_id, limit=LOGOS * 2))["jobs"]
    await asyncio.gather(*(_wait_for_upload(client, child["jobId"]) for child in children))


async def _wait_for_upload(client: WorkhallClient, job_id: str) -> None:
    async for event in client.watch(job_id):
        if event.terminal and event.name != "job:complete":
            raise CommandError(f"A logo could not be stored: {event.data.get('error')}")


async def _pictures(client: WorkhallClient, brand_id: str, result: Mapping[str, Any], data_dir: Path) -> list[Path]:
    """Return the pictures of the job's assets, in the order of its result."""
    from workhall.cli.demo_pictures import picture_file

    assets = {asset["id"]: asset for asset in await client.assets(brand_id)}
    ids = [logo.get("assetId") or logo.get("id") for logo in result.get("logos", ())]
    found = [assets[asset_id] for asset_id in ids if asset_id in assets]
    if len(found) < LOGOS:
        raise CommandError(f"Only {len(found)} of {LOGOS} logos were made; {data_dir / 'demo.log'} says why.")
    return [await picture_file(client, asset, data_dir) for asset in found]
