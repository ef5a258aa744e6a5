"""The handler of image-upload: read, check, store, note in the asset."""

from __future__ import annotations

import asyncio
import hashlib
import io
from typing import NamedTuple

from workhall import Asset, JobContext, PermanentError

from workhall_image_upload.clean import clean_image
from workhall_image_upload.keys import asset_key, thumbnail_key
from workhall_image_upload.picture import Picture, UnsafePicture, verify_image
from workhall_image_upload.schema import ImageUploadPayload, ImageUploadResult
from workhall_image_upload.source import read_source
from workhall_image_upload.thumbnail import make_thumbnail

__all__ = ["store_image"]


class _Prepared(NamedTuple):
    data: bytes
    sha256: str
    picture: Picture
    thumbnail: bytes


async def store_image(job: JobContext[ImageUploadPayload]) -> ImageUploadResult:
    """Store the picture and its thumbnail under names that follow from its content; again changes nothing."""
    payload = job.payload
    asset = await _asset(job)
    await job.progress(10, "Fetching the picture", stage="fetching")
    data = await read_source(job.services, payload.source_url)
    await job.progress(40, "Checking the picture", stage="checking")
    prepared = await asyncio.to_thread(_prepare, data)
    await job.progress(70, "Storing the picture", stage="storing")
    key, thumbnail = await _store(job, prepared)
    return await _note(job, asset, prepared, key, thumbnail)


async def _asset(job: JobContext[ImageUploadPayload]) -> Asset | None:
    """Return the asset that the picture belongs to, if the payload names one."""
    asset_id = (job.payload.metadata or {}).get("assetId")
    if asset_id is None:
        return None
    asset = await job.services.assets.get(str(asset_id))
    if asset is None or asset.brand_id != str(job.payload.brand_id):
        raise PermanentError("metadata.assetId names no asset of this brand.")
    return asset


def _prepare(data: bytes) -> _Prepared:
    try:
        clean = clean_image(data)
        picture = verify_image(io.BytesIO(clean))
        return _Prepared(clean, hashlib.sha256(clean).hexdigest(), picture, make_thumbnail(clean))
    except UnsafePicture as error:
        raise PermanentError(str(error)) from error


async def _store(job: JobContext[ImageUploadPayload], prepared: _Prepared) -> tuple[str, str]:
    payload, picture = job.payload, prepared.picture
    key = asset_key(payload.brand_id, payload.asset_type, prepared.sha256, picture.extension)
    thumbnail = thumbnail_key(payload.brand_id, payload.asset_type, prepared.sha256)
    await job.services.storage.put(key, prepared.data, content_type=picture.mime_type)
    await job.services.storage.put(thumbnail, prepared.thumbnail, content_type="image/webp")
    return key, thumbnail


async def _note(
    job: JobContext[ImageUploadPayload], asset: Asset | None, prepared: _Prepared, key: str, thumbnail: str
) -> ImageUploadResult:
    payload, picture = job.payload, prepared.picture
    details = {
        "width": picture.width,
        "height": picture.height,
        "size": len(prepared.data),
        "mime_type": picture.mime_type,
        "file_name": payload.file_name,
    }
    async with job.transaction():
        if asset is None:
            brand_id, kind = str(payload.brand_id), payload.asset_type
            given = payload.metadata or {}
            asset = await job.services.assets.add(
                "picture", brand_id=brand_id, asset_type=kind, url=f"storage:{key}", metadata=given
            )
        await job.services.assets.store(
            asset.id, url=f"storage:{key}", thumbnail_url=f"storage:{thumbnail}", metadata=details
        )
    return ImageUploadResult(
        asset_id=asset.id,
        storage_path=key,
        thumbnail_path=thumbnail,
        mime_type=picture.mime_type,
        sha256=prepared.sha256,
        width=picture.width,
        height=picture.height,
        size=len(prepared.data),
    )
