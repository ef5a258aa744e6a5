"""The processors of a plugin made for these tests, and the registry that serves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import Field
from workhall.plugins.contract import schema_hash
from workhall.plugins.hookup import new_hooks
from workhall.plugins.record import PluginRecord
from workhall.plugins.registry import RegisteredProcessor, Registry
from workhall.sdk import CATALOGUE, AcceptedJob, Endpoint, Processor, WireModel

SIGNATURE = "the right one"


class EchoPayload(WireModel):
    """What is to be echoed."""

    user_id: UUID
    brand_id: UUID
    text: str = Field(min_length=1, max_length=100)
    count: int = Field(default=1, ge=1, le=8)
    colors: list[str] = Field(default_factory=list)
    credit_cost: int = 1


class EchoResult(WireModel):
    """What came back."""

    echoes: list[str]


class InnerPayload(WireModel):
    """Work of the host itself."""

    source_url: str


class Product(WireModel):
    product_id: str
    name: str


class BatchRequest(WireModel):
    """Many at once."""

    brand_id: UUID
    products: list[Product] = Field(min_length=1, max_length=20)


class BatchPayload(WireModel):
    user_id: UUID
    brand_id: UUID
    product_id: str
    name: str = Field(max_length=10)


class SignedPayload(WireModel):
    event_id: str


def expand(request: BatchRequest) -> list[dict[str, Any]]:
    if request.products[0].name == "crash":
        raise RuntimeError("the plugin's secret inside")
    return [{"brand_id": str(request.brand_id), **product.model_dump()} for product in request.products]


def respond(jobs: Sequence[AcceptedJob]) -> dict[str, Any]:
    if jobs[0].payload.name == "mute":
        raise RuntimeError("respond() is broken")
    listed = [{"productId": job.payload.product_id, "jobId": job.job_id, "queueName": job.queue_name} for job in jobs]
    return {"jobs": listed, "message": f"Started {len(jobs)} mockups."}


async def authenticate(headers: Mapping[str, str], raw: bytes) -> None:
    if headers.get("X-Signature") != SIGNATURE:
        raise PermissionError("The signature is wrong")


def processors() -> list[Processor]:
    return [
        Processor(
            queue="echo-chamber",
            payload=EchoPayload,
            result=EchoResult,
            handler="nowhere:handler",
            dispatch="user",
            priority=3,
            credits=1,
            credit_units="count",
            endpoint=Endpoint(path="/v1/generation/echoes"),
            summary="Echo a text",
        ),
        Processor(
            queue="batch",
            payload=BatchPayload,
            handler="nowhere:handler",
            dispatch="user",
            endpoint=Endpoint(path="/v1/generation/batches", request=BatchRequest, expand=expand, respond=respond),
        ),
        Processor(queue="image-upload", payload=InnerPayload, handler="nowhere:handler"),
        Processor(
            queue="signed",
            payload=SignedPayload,
            handler="nowhere:handler",
            dispatch="endpoint",
            endpoint=Endpoint(path="/v1/webhooks/signed", authenticate=authenticate),
        ),
        Processor(
            queue="rude",
            payload=InnerPayload,
            handler="nowhere:handler",
            endpoint=Endpoint(path="/v1/brands"),
        ),
    ]


def make_registry(made: Sequence[Processor] | None = None) -> Registry:
    served = processors() if made is None else list(made)
    records = (
        PluginRecord("good", "workhall-good", "1.2", "active", queues=tuple(one.queue for one in served)),
        PluginRecord("sick", "workhall-sick", "0.1", "broken", reason="It raises on import.", queues=("sick-queue",)),
    )
    registered = {
        one.queue: RegisteredProcessor(one, "good", "1.2", schema_hash(one.payload))
        for one in sorted(served, key=lambda one: one.queue)
    }
    return Registry(records, registered, CATALOGUE, new_hooks())
