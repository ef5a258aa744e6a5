"""Bodies of requests that submit nothing: read raw, parsed once, validated by pydantic."""

from __future__ import annotations

from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from workhall.api.state import ApiRequest
from workhall.jobs.errors import PayloadInvalid
from workhall.jobs.payloads import details_of, parse_object
from workhall.sdk import Processor

__all__ = ["MAX_BODY", "max_body", "read_body"]

Model = TypeVar("Model", bound=BaseModel)
MAX_BODY: Final = 1_000_000  # bytes
# The queue whose payloads carry whole pictures as data: URLs: 25 MB of bytes are 34 MB as base64 (contract §4).
_LARGER: Final = {"image-upload": 34_000_000}


def max_body(processor: Processor) -> int:
    """Return how many bytes a request to a processor's queue may have."""
    return _LARGER.get(processor.queue, MAX_BODY)


async def read_body(request: ApiRequest, model: type[Model]) -> Model:
    """Return the body as ``model``.

    Raises:
        PayloadInvalid: it does not fit.
    """
    given = parse_object(await request.body())
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise PayloadInvalid(details_of(error)) from None
