"""Payloads: from the bytes of a request to the model, with what the host knows filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError

from workhall.jobs.errors import DispatchForbidden, PayloadInvalid
from workhall.jobs.principal import HOST, Principal

__all__ = ["details_of", "first_problem", "parse_object", "validate_payload", "wire_name"]


def parse_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in ``raw``.

    Raises:
        PayloadInvalid: it is not JSON, or not an object.
    """
    try:
        value = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError as error:
        raise PayloadInvalid([{"field": "", "message": f"The body is not JSON: {error}."}]) from None
    if not isinstance(value, dict):
        raise PayloadInvalid([{"field": "", "message": "The body must be a JSON object."}])
    return value


def validate_payload(
    model: type[BaseModel], given: Mapping[str, Any], principal: Principal, credit_cost: int
) -> BaseModel:
    """Return the validated payload: ``userId`` filled from the caller, ``creditCost`` computed by the host.

    Raises:
        DispatchForbidden: a user named another user.
        PayloadInvalid: the payload does not fit the schema.
    """
    values = _filled(model, given, principal, credit_cost)
    try:
        text = orjson.dumps(values)
        if principal is not HOST and rb"\u0000" in text:
            _refuse_nul(values, "")
        payload = model.model_validate_json(text)
    except ValidationError as error:
        raise PayloadInvalid(details_of(error)) from None
    except TypeError as error:
        raise PayloadInvalid([{"field": "", "message": f"The payload is not JSON: {error}."}]) from None
    _check_user(payload, principal)
    return payload


def details_of(error: ValidationError) -> list[dict[str, Any]]:
    """Return what was wrong with each field, by its wire name; never the value that was sent."""
    return [
        {"field": ".".join(str(part) for part in item["loc"]), "message": item["msg"], "type": item["type"]}
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def first_problem(error: ValidationError) -> str:
    """Return what was wrong first, as ``field: what``; never the value."""
    first = details_of(error)[0]
    return f"{first['field']}: {first['message']}" if first["field"] else str(first["message"])


def wire_name(model: type[BaseModel], field: str) -> str:
    """Return the name that ``field`` has on the wire."""
    info = model.model_fields[field]
    return info.validation_alias if isinstance(info.validation_alias, str) else info.alias or field


def _filled(model: type[BaseModel], given: Mapping[str, Any], principal: Principal, credit_cost: int) -> dict[str, Any]:
    values = dict(given)
    if "user_id" in model.model_fields and principal.user_id is not None:
        name = wire_name(model, "user_id")
        if values.get(name) is None and values.get("user_id") is None:
            values.pop("user_id", None)
            values[name] = principal.user_id
    if not principal.sees_all:  # what a user says of the cost is ignored
        values.pop("credit_cost", None)
        values.pop("creditCost", None)
    if "credit_cost" in model.model_fields and not principal.sees_all:
        values[wire_name(model, "credit_cost")] = credit_cost
    return values


def _refuse_nul(value: Any, field: str) -> None:
    """Name the field that holds a NUL character: no column can hold it, so a job would fail at its end."""
    if isinstance(value, str) and "\x00" in value:
        raise PayloadInvalid([{"field": field, "message": "must not hold a NUL character", "type": "nul"}])
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inner:
        place = f"{field}.{name}" if field else str(name)
        _refuse_nul(item, place)
        _refuse_nul(name, place)


def _check_user(payload: BaseModel, principal: Principal) -> None:
    named = getattr(payload, "user_id", None)
    if named is not None and not principal.owns(str(named)):
        raise DispatchForbidden("You may not submit a job in another user's name.")
