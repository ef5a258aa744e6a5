"""The operator's figures: ``WORKHALL_QUEUE__LOGO_GENERATION__CONCURRENCY=8`` wins over what the plugin says.

Contract §2 lists the fields and their syntax.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError

from workhall.plugins.fields import field_adapter
from workhall.sdk import Backoff, Processor, RateLimit, Retention, Retry, exponential, fixed, sequence

__all__ = [
    "QUEUE_PREFIX",
    "Override",
    "OverrideError",
    "apply_overrides",
    "override_processor",
    "queue_key",
    "read_overrides",
    "unknown_queues",
]

QUEUE_PREFIX: Final = "WORKHALL_QUEUE__"


class OverrideError(Exception):
    """Figures of the operator that cannot be used; ``sentences`` has one for each variable."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = tuple(sentences)


@dataclass(frozen=True, slots=True)
class Override:
    """One figure: the variable that it comes from, its queue's key, its field's word and its value."""

    variable: str
    queue: str
    field: str
    value: Any


def queue_key(queue: str) -> str:
    """Return how a queue is spelt in a variable's name: ``logo-generation`` is ``LOGO_GENERATION``."""
    return queue.upper().replace("-", "_")


def read_overrides(environ: Mapping[str, str]) -> tuple[Override, ...]:
    """Read every figure from ``environ``, whether its queue is known or not.

    Raises:
        OverrideError: fields that do not exist and values that cannot be used, all of them.
    """
    found: list[Override] = []
    wrong: list[str] = []
    for variable in sorted(name for name in environ if name.startswith(QUEUE_PREFIX)):
        queue, _, field = variable.removeprefix(QUEUE_PREFIX).rpartition("__")
        try:
            found.append(Override(variable, queue, field, _parse(field, environ[variable].strip())))
        except ValueError as error:
            wrong.append(f"{variable}={environ[variable]!r} cannot be used: {_reason(error)}.")
    if wrong:
        raise OverrideError(wrong)
    return tuple(found)


def override_processor(processor: Processor, overrides: Iterable[Override]) -> Processor:
    """Return ``processor`` with the figures that concern its queue."""
    own = {one.field: one.value for one in overrides if one.queue == queue_key(processor.queue)}
    if not own:
        return processor
    retry = {name: own.pop(name.upper()) for name in ("attempts", "backoff") if name.upper() in own}
    changes: dict[str, Any] = {name.lower(): value for name, value in own.items()}
    return processor.model_copy(update=changes | {"retry": processor.retry.model_copy(update=retry)})


def unknown_queues(overrides: Iterable[Override], queues: Iterable[str]) -> list[str]:
    """Return a sentence for each figure whose queue is not among ``queues``."""
    known = {queue_key(queue): queue for queue in queues}
    names = ", ".join(sorted(known.values())) or "none"
    return [
        f"{one.variable} names no queue that is there; the queues are: {names}."
        for one in overrides
        if one.queue not in known
    ]


def apply_overrides(processors: Iterable[Processor], environ: Mapping[str, str]) -> tuple[Processor, ...]:
    """Return ``processors`` with all figures of ``environ``.

    Raises:
        OverrideError: an unknown field, a bad value or a queue that is none of theirs; all that is found.
    """
    given = tuple(processors)
    overrides = read_overrides(environ)
    unknown = unknown_queues(overrides, (processor.queue for processor in given))
    if unknown:
        raise OverrideError(unknown)
    return tuple(override_processor(processor, overrides) for processor in given)


def _parse(field: str, text: str) -> Any:
    if field not in _FIELDS:
        raise ValueError(f"there is no field {field!r}; the fields are {', '.join(_FIELDS)}")
    adapter, read, form = _FIELDS[field]
    try:
        return adapter.validate_python(read(text))
    except ValidationError as error:
        raise ValueError(f"it must be {form}; {_first_message(error)}") from None
    except (ValueError, KeyError):
        raise ValueError(f"it must be {form}") from None


def _first_message(error: ValidationError) -> str:
    message = error.errors(include_url=False, include_input=False)[0]["msg"]
    return message[:1].lower() + message[1:]


def _reason(error: ValueError) -> str:
    return str(error).rstrip(".")


def _seconds(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(text)
    return value


def _backoff(text: str) -> Backoff:
    kind, _, waits = text.partition(":")
    seconds = [_seconds(wait) for wait in waits.split(",")]
    if kind == "sequence":
        return sequence(seconds)
    (wait,) = seconds
    return {"exponential": exponential, "fixed": fixed}[kind](wait)


def _retention(text: str) -> Retention:
    count, age = text.split(",")
    return Retention(count=int(count), age_s=int(age))


def _rate(text: str) -> RateLimit:
    most, per = text.split("/")
    return RateLimit(max=int(most), per_s=_seconds(per))


def _adapter(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    return field_adapter(model.model_fields[name])


_FIELDS: Final[dict[str, tuple[TypeAdapter[Any], Callable[[str], Any], str]]] = {
    "CONCURRENCY": (_adapter(Processor, "concurrency"), int, "a whole number"),
    "GLOBAL_CONCURRENCY": (_adapter(Processor, "global_concurrency"), int, "a whole number"),
    "TIMEOUT": (_adapter(Processor, "timeout"), _seconds, "seconds"),
    "PRIORITY": (_adapter(Processor, "priority"), int, "a whole number"),
    "ATTEMPTS": (_adapter(Retry, "attempts"), int, "a whole number"),
    "BACKOFF": (_adapter(Retry, "backoff"), _backoff, "like exponential:3, fixed:60 or sequence:1,5,30 (seconds)"),
    "KEEP_COMPLETE": (_adapter(Processor, "keep_complete"), _retention, "count,seconds like 500,86400"),
    "KEEP_FAILED": (_adapter(Processor, "keep_failed"), _retention, "count,seconds like 500,86400"),
    "RATE": (_adapter(Processor, "rate"), _rate, "starts/seconds like 2/1"),
    "CREDITS": (_adapter(Processor, "credits"), int, "a whole number"),
}
