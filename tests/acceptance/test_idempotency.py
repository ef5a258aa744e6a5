"""An ``Idempotency-Key`` makes a repeated request safe: one job, one reservation, one row."""

from __future__ import annotations

from uuid import uuid4

from .people import LOGOS, Caller, logo_request
from .rows import Rows


def test_the_same_key_and_body_make_one_job_and_another_body_is_409(user: Caller, brand: str, rows: Rows) -> None:
    key, body = {"Idempotency-Key": str(uuid4())}, logo_request(brand, count=1)
    first = user.post(LOGOS, body, 202, **key)
    assert user.post(LOGOS, body, 202, **key) == first
    conflict = user.post(LOGOS, logo_request(brand, count=2), 409, **key)
    assert list(conflict) == ["error"]
    user.ended_job(first["jobId"])
    user.uploads(first["jobId"])
    made = rows.read("SELECT job_id FROM generation_jobs WHERE user_id = ? AND parent_job_id IS NULL", user.user_id)
    assert made == [{"job_id": first["jobId"]}]
    assert user.credits() == {"creditsRemaining": 39, "creditsUsed": 1, "creditsReserved": 0}
    assert user.post(LOGOS, body, 202, **key) == first  # also when the job has ended
