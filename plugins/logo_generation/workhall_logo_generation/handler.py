"""The handler of logo-generation: compose, generate in parallel, save; each logo is a step of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from workhall import JobContext, PermanentError

from workhall_logo_generation.drawing import draw
from workhall_logo_generation.previous import read_previous
from workhall_logo_generation.render import VARIATIONS, LogoBrief, refine_logo, render_logo
from workhall_logo_generation.schema import LogoAsset, LogoPayload, LogoResult, RenderedLogo

__all__ = ["generate_logos"]

_PROVIDER: Final = "local"
_GENERATING: Final = (10, 80)  # percent: from the first logo begun to the last one done


async def generate_logos(job: JobContext[LogoPayload]) -> LogoResult:
    """Make ``count`` logos; one that fails does not take the others with it, all failing fails the attempt."""
    await job.progress(0, "Starting", stage="composing")
    await job.progress(5, "Composing logo prompts...", stage="composing")
    prompts = [compose_prompt(job.payload, index) for index in range(job.payload.count)]
    previous = await read_previous(job)
    await job.progress(10, "Prompts ready. Starting generation...", stage="composing")
    logos = await _generate(job, prompts, previous)
    await job.progress(80, "Uploading logos to storage...", stage="uploading")
    await job.progress(90, "Saving logo records...", stage="saving")
    assets = await _save(job, logos)
    return LogoResult(
        logos=assets,
        generated=len(assets),
        requested=job.payload.count,
        provider=_PROVIDER,
        message=f"{len(assets)} logos generated!",
    )


def compose_prompt(payload: LogoPayload, index: int) -> str:
    """Return what a provider of pictures would be asked for, and what the asset remembers."""
    archetype = f" Archetype: {payload.archetype}." if payload.archetype else ""
    notes = f" Change the given logo: {payload.refinement_notes}." if payload.refinement_notes else ""
    colours = ", ".join(payload.color_palette)
    variation = VARIATIONS[index % len(VARIATIONS)]
    return (
        f'A {payload.logo_style} logo for the brand "{payload.brand_name}" in the colours {colours}.'
        f" Vision: {payload.brand_vision}.{archetype}{notes} {variation.prompt}"
    )


async def _generate(job: JobContext[LogoPayload], prompts: Sequence[str], previous: bytes | None) -> list[RenderedLogo]:
    done = 0

    async def one(index: int) -> RenderedLogo:
        nonlocal done
        logo = await job.step(
            f"logo-{index}", lambda: _render(job, index, prompts[index], previous), model=RenderedLogo
        )
        done += 1
        first, last = _GENERATING
        percent = first + (last - first) * done / len(prompts)
        await job.progress(percent, f"Logo {index + 1} generated!", stage="generating", logo_index=index)
        return logo

    outcomes = await job.gather(*(one(index) for index in range(len(prompts))), return_exceptions=True)
    failures = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    for failure in failures:
        job.log.warning("A logo could not be made: %s", failure)
    if len(failures) == len(outcomes):
        raise failures[0]
    return [outcome for outcome in outcomes if isinstance(outcome, RenderedLogo)]


async def _render(job: JobContext[LogoPayload], index: int, prompt: str, previous: bytes | None) -> RenderedLogo:
    brief = _brief(job.payload)
    if previous is None:
        picture = await draw(render_logo, brief, index)
    else:
        notes = job.payload.refinement_notes or ""
        picture = await _refined(previous, notes, brief, index)
    key = f"tmp/{job.id}/logo-{index}.png"
    await job.services.storage.put(key, picture, content_type="image/png")
    variation = VARIATIONS[index % len(VARIATIONS)].name
    return RenderedLogo(index=index, key=key, variation=variation, prompt=prompt, provider=_PROVIDER)


async def _refined(previous: bytes, notes: str, brief: LogoBrief, index: int) -> bytes:
    try:
        return await draw(refine_logo, previous, notes, brief, index)
    except ValueError as error:  # what is no picture now is none at the next attempt
        raise PermanentError(str(error)) from error


def _brief(payload: LogoPayload) -> LogoBrief:
    return LogoBrief(
        brand_name=payload.brand_name,
        logo_style=payload.logo_style,
        color_palette=tuple(payload.color_palette),
        brand_vision=payload.brand_vision,
        archetype=payload.archetype,
    )


async def _save(job: JobContext[LogoPayload], logos: Sequence[RenderedLogo]) -> list[LogoAsset]:
    """Write the assets and dispatch one upload for each, in one transaction."""
    async with job.transaction():
        return [await _save_one(job, logo) for logo in logos]


async def _save_one(job: JobContext[LogoPayload], logo: RenderedLogo) -> LogoAsset:
    payload, source = job.payload, f"storage:{logo.key}"
    details: dict[str, Any] = {
        "prompt": logo.prompt,
        "logo_style": payload.logo_style,
        "index": logo.index,
        "variation": logo.variation,
        "is_refinement": payload.is_refinement,
        "provider": logo.provider,
    }
    key = f"logo-{logo.index}"
    asset_id = job.services.assets.id_for(key)
    upload = {
        "userId": str(payload.user_id),
        "brandId": str(payload.brand_id),
        "assetType": "logo",
        "sourceUrl": source,
        "fileName": f"logo-{payload.brand_id}-{logo.index}.png",
        "metadata": {"assetId": asset_id, "index": logo.index, "logoStyle": payload.logo_style},
    }
    details["upload_job_id"] = await job.dispatch("image-upload", upload, key=key)
    asset = await job.services.assets.add(
        key, brand_id=str(payload.brand_id), asset_type="logo", url=source, metadata=details
    )
    created_at = datetime.fromtimestamp(asset.created_at / 1000, UTC)
    url = f"/files/{asset.id}"
    return LogoAsset(id=asset.id, brand_id=asset.brand_id, url=url, metadata=details, created_at=created_at)
