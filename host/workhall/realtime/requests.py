"""What clients may ask for, as pydantic models, and one sentence for what does not fit them."""

from typing import Annotated

from pydantic import Field, ValidationError

from workhall.sdk.wire import WireModel

__all__ = ["BrandRequest", "JobRequest", "sentence_of"]

# Ids go into the names of rooms and into queries; that they exist is looked up.
Id = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_-]+$")]


class BrandRequest(WireModel):
    """A brand."""

    brand_id: Id


class JobRequest(WireModel):
    """A job; ``after`` is the last ``seq`` that the client has.

    ``queueName`` is not used: the id tells the queue, and clients of the original guess it, sometimes wrongly.
    """

    job_id: Id
    after: int | None = Field(default=None, ge=0, le=2**31 - 1, strict=True)
    queue_name: str | None = Field(default=None, max_length=128)


def sentence_of(error: ValidationError) -> str:
    """Return what is wrong, by the wire's names, without the value that was sent."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return f"{name} is required"
    return f"{name}: {first['msg']}" if name else "The payload must be an object"
