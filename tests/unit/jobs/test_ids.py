"""Job ids: RFC 9562's version 7, and ids that follow from a parent."""

from __future__ import annotations

from uuid import RFC_4122, UUID

import pytest
from workhall.jobs.ids import child_id, derived_uuid, job_id, now_ms, queue_of, uuid7

AT_MS = 1_795_448_763_150


def test_a_uuid7_carries_its_time_version_and_variant() -> None:
    for at_ms in (0, AT_MS, 2**48 - 1):
        value = uuid7(at_ms)
        assert (value.version, value.variant) == (7, RFC_4122)
        assert value.int >> 80 == at_ms


def test_uuids_of_later_milliseconds_sort_later_and_those_of_one_differ() -> None:
    values = [str(uuid7(AT_MS + number)) for number in range(50)]
    assert values == sorted(values)
    assert len({uuid7(AT_MS) for _ in range(1000)}) == 1000


def test_a_new_uuid_is_of_now() -> None:
    before = now_ms()
    assert before <= uuid7().int >> 80 <= now_ms()


@pytest.mark.parametrize("queue", ["q", "logo-generation", "a-1", "x" * 64])
def test_a_job_id_names_its_queue(queue: str) -> None:
    identifier = job_id(queue)
    assert queue_of(identifier) == queue
    assert UUID(identifier[-36:]).version == 7
    assert len(identifier) <= 101, "the column's width"


def test_a_childs_id_follows_from_parent_queue_and_key() -> None:
    parent = job_id("logo-generation")
    child = child_id(parent, "image-upload", "logo-0")
    assert child == child_id(parent, "image-upload", "logo-0")
    assert queue_of(child) == "image-upload"
    others = {
        child_id(parent, "image-upload", "logo-1"),
        child_id(parent, "email-send", "logo-0"),
        child_id(job_id("logo-generation"), "image-upload", "logo-0"),
    }
    assert len({child[-36:], *(other[-36:] for other in others)}) == 4


def test_a_derived_uuid_is_a_uuid7_of_its_parents_time() -> None:
    parent = f"q-{uuid7(AT_MS)}"
    derived = derived_uuid(parent, "asset")
    assert (derived.version, derived.variant, derived.int >> 80) == (7, RFC_4122, AT_MS)
    assert derived != derived_uuid(parent, "other")
