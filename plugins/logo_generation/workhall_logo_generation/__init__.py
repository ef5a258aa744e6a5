"""Workhall plugin: logos from a brand's name, colours and vision."""

from collections.abc import Mapping, Sequence
from typing import Any

from workhall import AcceptedJob, Endpoint, Processor, Retention, Retry, exponential, hookimpl

from workhall_logo_generation.schema import LogoPayload, LogoResult

__all__ = ["processors"]

DAY_S = 86_400


def accepted(jobs: Sequence[AcceptedJob]) -> Mapping[str, Any]:
    """The 202 body of ``POST /api/v1/generation/logos``."""
    (job,) = jobs
    return {
        "jobId": job.job_id,
        "generationJobId": job.generation_job_id,
        "queueName": job.queue_name,
        "message": f"Logo generation started. Generating {job.payload.count} logos.",
    }


@hookimpl
def processors() -> list[Processor]:
    """The queue ``logo-generation`` with the figures of contract §2."""
    return [
        Processor(
            queue="logo-generation",
            job_type="logo",
            payload=LogoPayload,
            result=LogoResult,
            handler="workhall_logo_generation.handler:generate_logos",
            concurrency=4,
            timeout=120,
            priority=1,
            retry=Retry(attempts=3, backoff=exponential(3)),
            keep_complete=Retention(count=500, age_s=DAY_S),
            keep_failed=Retention(count=500, age_s=7 * DAY_S),
            dispatch="user",
            credits=1,
            credit_units="count",
            settle_units="generated",
            endpoint=Endpoint(path="/v1/generation/logos", respond=accepted),
            summary="Makes one to eight logos for a brand",
        )
    ]
