"""Payloads: validated, with what the host knows filled in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, Field
from workhall.jobs.errors import DispatchForbidden, PayloadInvalid
from workhall.jobs.ids import uuid7
from workhall.jobs.payloads import parse_object, validate_payload, wire_name
from workhall.jobs.principal import HOST, Principal
from workhall.sdk import WireModel

ME, OTHER = str(uuid7()), str(uuid7())
USER = Principal(ME, "user", 0)
SERVICE = Principal(None, "service", 0)
COST = 3


class Order(WireModel):
    user_id: UUID
    colors: list[str] = Field(default_factory=list, max_length=2)
    notes: str | None = None
    credit_cost: int = 1


class Odd(BaseModel):
    user_id: str | None = Field(default=None, validation_alias="owner")


def validated(given: dict[str, Any], principal: Principal = USER) -> Order:
    payload = validate_payload(Order, given, principal, COST)
    assert isinstance(payload, Order)
    return payload


@pytest.mark.parametrize("given", [{}, {"userId": None}, {"user_id": None}, {"userId": ME}, {"user_id": ME}])
def test_the_user_is_filled_from_the_caller(given: dict[str, Any]) -> None:
    assert str(validated(given).user_id) == ME


@pytest.mark.parametrize("given", [{"userId": OTHER}, {"user_id": OTHER}])
def test_a_foreign_user_is_refused_and_a_service_may_name_anybody(given: dict[str, Any]) -> None:
    with pytest.raises(DispatchForbidden):
        validated(given)
    assert str(validated(given, SERVICE).user_id) == OTHER
    assert str(validated(given, HOST).user_id) == OTHER


def test_a_service_without_a_user_must_name_one() -> None:
    with pytest.raises(PayloadInvalid) as raised:
        validated({}, SERVICE)
    assert raised.value.details == [{"field": "userId", "message": "Field required", "type": "missing"}]


@pytest.mark.parametrize("given", [{}, {"creditCost": 0}, {"credit_cost": -5}, {"creditCost": 0, "credit_cost": 0}])
def test_the_price_is_the_hosts_whatever_a_user_says(given: dict[str, Any]) -> None:
    assert validated(given).credit_cost == COST


def test_a_service_may_name_the_price() -> None:
    assert validated({"userId": ME, "creditCost": 9}, SERVICE).credit_cost == 9


@pytest.mark.parametrize(
    ("given", "field", "kind"),
    [
        ({"unknown": 1}, "unknown", "extra_forbidden"),
        ({"colors": "red"}, "colors", "list_type"),
        ({"colors": ["a", 7]}, "colors.1", "string_type"),
        ({"colors": ["a", "b", "c"]}, "colors", "too_long"),
        ({"notes": {"a": 1}}, "notes", "string_type"),
        ({"userId": "me"}, "userId", "uuid_parsing"),
    ],
)
def test_what_is_wrong_is_named_by_its_wire_name_and_never_repeated(
    given: dict[str, Any], field: str, kind: str
) -> None:
    with pytest.raises(PayloadInvalid) as raised:
        validated(given)
    (detail,) = raised.value.details
    assert (detail["field"], detail["type"]) == (field, kind)
    assert set(detail) == {"field", "message", "type"}


def test_optional_fields_accept_null() -> None:
    assert validated({"notes": None}).notes is None


def test_a_field_with_an_alias_of_its_own_is_filled_by_it() -> None:
    assert wire_name(Odd, "user_id") == "owner"
    assert validate_payload(Odd, {}, USER, 0) == Odd.model_validate({"owner": ME})


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(PayloadInvalid):
        validate_payload(Order, {"notes": {1, 2}}, USER, 0)


@pytest.mark.parametrize("raw", [b"[1]", b"null", b'"x"', b"{", b"\xff", b'{"a": NaN}'])
def test_a_body_must_be_a_json_object(raw: bytes) -> None:
    with pytest.raises(PayloadInvalid) as raised:
        parse_object(raw)
    assert raised.value.details[0]["field"] == ""


def test_no_body_is_an_empty_object() -> None:
    assert parse_object(b"") == {}
    assert parse_object(b'{"a":1}') == {"a": 1}


def test_a_nul_from_outside_is_refused_by_its_field_and_the_host_s_own_is_not() -> None:
    class Nested(WireModel):
        deep: dict[str, list[str]]

    with pytest.raises(PayloadInvalid) as refused:
        validate_payload(Nested, {"deep": {"a": ["fine", "b\x00"]}}, USER, 0)
    assert refused.value.details == [{"field": "deep.a.1", "message": "must not hold a NUL character", "type": "nul"}]
    assert validate_payload(Nested, {"deep": {"a": ["\\u0000"]}}, USER, 0)
    assert validate_payload(Nested, {"deep": {"a": ["\x00"]}}, HOST, 0)
