"""What a plugin's declarations must fulfil beyond their types, each breach as one clause of a sentence."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from pydantic import BaseModel, ValidationError

from workhall.sdk import CATALOGUE, EventSpec, Processor, WireModel

__all__ = ["event_breaches", "processor_breaches", "schema_hash"]

EVENT_NAME: Final = re.compile(r"^[a-z][a-z0-9-]*(:[a-z][a-z0-9-]*)+$")  # keeps clear of Socket.IO's own events
HASH_LENGTH: Final = 16  # hexadecimal digits of the SHA-256


def schema_hash(model: type[BaseModel]) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a model's JSON Schema, keys sorted, no blanks.

    Raises:
        pydantic.PydanticUserError: the model has no JSON Schema, or is not fully defined.
    """
    canonical = json.dumps(model.model_json_schema(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:HASH_LENGTH]


def processor_breaches(processors: Sequence[Processor]) -> Iterator[str]:
    """Yield what is wrong with a plugin's processors, each alone and all together."""
    for queue in _repeated(processor.queue for processor in processors):
        yield f"it declares the queue {queue} twice"
    for path in _repeated(processor.endpoint.path for processor in processors if processor.endpoint):
        yield f"it declares the endpoint {path} twice"
    for processor in processors:
        for check in _CHECKS:
            yield from (f"its queue {processor.queue} {breach}" for breach in check(processor))


def event_breaches(events: Sequence[EventSpec]) -> Iterator[str]:
    """Yield what is wrong with the socket events that a plugin declares."""
    for name in _repeated(event.name for event in events):
        yield f"it declares the event {name} twice"
    for event in events:
        if not EVENT_NAME.match(event.name):
            yield f"its event {event.name!r} is not named like brand:updated"
        if event.name in CATALOGUE:
            yield f"it declares the event {event.name}, which is the host's own"
        if not (isinstance(event.payload, type) and issubclass(event.payload, WireModel)):
            yield f"its event {event.name} has a payload that is no WireModel class"


def _repeated(names: Iterable[str]) -> list[str]:
    seen = list(names)
    return sorted({name for name in seen if seen.count(name) > 1})


def _schemas(processor: Processor) -> Iterator[str]:
    for role, model in (("payload", processor.payload), ("result", processor.result)):
        if model is None:
            continue
        try:
            model.model_json_schema()
        except Exception as error:  # noqa: BLE001 - a model's own schema hooks may raise anything
            yield f"has a {role} model {model.__name__} without a JSON Schema ({str(error).splitlines()[0]})"


def _units(processor: Processor) -> Iterator[str]:
    named = (
        ("credit_units", processor.credit_units, "payload", processor.payload),
        ("settle_units", processor.settle_units, "result", processor.result),
    )
    for option, field, role, model in named:
        if field is None:
            continue
        if model is None:
            yield f"gives {option}={field!r} but has no {role} model"
        elif field not in model.model_fields:
            yield f"gives {option}={field!r}, which is no field of its {role} model {model.__name__}"


def _endpoint(processor: Processor) -> Iterator[str]:
    if processor.dispatch == "endpoint" and processor.endpoint is None:
        yield 'gives dispatch="endpoint" but no endpoint'


def _cron(processor: Processor) -> Iterator[str]:
    for line, payload in processor.cron:
        try:
            processor.payload.model_validate(payload)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "it"
            yield f"has a cron payload for {line!r} that does not fit ({where}: {first['msg']})"


def _settings(processor: Processor) -> Iterator[str]:
    bases = processor.settings.__mro__ if processor.settings else ()
    if any(base.__module__.startswith("pydantic_settings") for base in bases):
        yield "has settings that read the environment themselves (derive them from BaseModel, the host fills them in)"


_CHECKS: Final[tuple[Callable[[Processor], Iterator[str]], ...]] = (_schemas, _units, _endpoint, _cron, _settings)
