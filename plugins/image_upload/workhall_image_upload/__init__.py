"""Workhall plugin: fetches, checks and stores pictures for good."""

from workhall import Processor, Retention, Retry, exponential, hookimpl

from workhall_image_upload.schema import ImageUploadPayload, ImageUploadResult

__all__ = ["processors"]

DAY_S = 86_400


@hookimpl
def processors() -> list[Processor]:
    """The queue ``image-upload`` with the figures of contract §2."""
    return [
        Processor(
            queue="image-upload",
            job_type="upload",
            payload=ImageUploadPayload,
            result=ImageUploadResult,
            handler="workhall_image_upload.handler:store_image",
            concurrency=5,
            timeout=60,
            priority=2,
            retry=Retry(attempts=3, backoff=exponential(3)),
            keep_complete=Retention(count=500, age_s=DAY_S),
            keep_failed=Retention(count=500, age_s=7 * DAY_S),
            summary="Stores a picture and its thumbnail for good",
        )
    ]
