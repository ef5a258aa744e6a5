"""Logo generation end to end: the criteria AC-4, AC-8 to AC-13 and AC-22 of the requirements (§9)."""

from __future__ import annotations

import asyncio
import io
import statistics
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest
from PIL import Image
from workhall.client import ApiError, WorkhallClient

from tests.integration.realtime.clients import NodeClient, PythonClient

from .course import Course, SocketClient, begin
from .people import LOGOS, Caller, logo_request
from .rows import Rows
from .system import Host

COUNT = 4
BOUND_MS = 50


async def follow(client: SocketClient, user: Caller, brand: str) -> Course:
    """Submit a job for four logos and see it through."""
    try:
        await client.connect(user.host.url, user.token)
        course = await begin(client, user, logo_request(brand, count=COUNT))
        await course.until_end()
        return course
    finally:
        await client.close()


@pytest.fixture(scope="module")
def made(user: Caller, brand: str) -> Course:
    """Four logos, followed by the stock Python client."""

    async def run() -> Course:
        return await follow(PythonClient(), user, brand)

    return asyncio.run(run())


def is_right(course: Course) -> None:
    """Composing → generating, four times → uploading → saving → complete, in one sequence without a gap."""
    assert course.seqs == list(range(1, len(course.events) + 1))
    names = [name for name, _ in course.events]
    assert names == ["job:queued", "job:started", *["job:progress"] * len(course.progress), "job:complete"]
    assert course.stages == ["composing", "generating", "uploading", "saving"]
    generating = [data for data in course.progress if data["status"] == "generating"]
    assert sorted(data["logoIndex"] for data in generating) == list(range(COUNT))
    for done, data in enumerate(generating, 1):
        assert abs(data["progress"] - (10 + 70 * done / COUNT)) <= 0.5
    for _, data in course.events:
        assert (data["jobId"], data["queueName"]) == (course.job_id, "logo-generation")
        assert isinstance(data["timestamp"], int)
    assert [data["attempt"] for _, data in course.events] == [0] + [1] * (len(course.events) - 1)


def test_ac_04_job_data_is_validated_before_anything_is_queued(user: Caller, admin: Caller, rows: Rows) -> None:
    admin.all_ended()
    before = rows.counts()
    refusal = user.post("/api/v1/jobs/logo-generation", {"invalid": "data"}, 400)
    assert refusal["error"] == "Validation failed"
    assert {"invalid", "brandId", "brandName", "logoStyle"} <= {detail["field"] for detail in refusal["details"]}

    async def dispatch() -> None:
        async with WorkhallClient(user.host.url, user.token) as client:
            await client.submit("logo-generation", {"invalid": "data"})

    with pytest.raises(ApiError, match=r"^Validation failed; .*invalid: "):
        asyncio.run(dispatch())
    assert rows.counts() == before


def test_ac_08_post_logos_is_answered_within_50_ms(launch: Callable[..., Host], figure: Callable[[str], None]) -> None:
    """The median of 100, one after the other, while a worker draws what was asked for before."""
    host = launch("--workers", "1", WORKHALL_SHUTDOWN_GRACE="0").start()
    with Caller.admin(host) as admin, Caller.user(host) as user:
        admin.grant(user, 100 * COUNT)
        brand, times, accepted = user.brand(), [], []
        for _ in range(100):
            began = time.perf_counter()
            answer = user.http.post(LOGOS, json=logo_request(brand, count=COUNT))
            times.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 202, answer.text
            accepted.append(answer.json())
        assert user.credits()["creditsRemaining"] == 0
    percentiles = statistics.quantiles(times, n=100, method="inclusive")
    figure(
        f"POST /generation/logos beside a drawing worker: p50 {percentiles[49]:.1f} ms, p99 {percentiles[98]:.1f} ms"
    )
    assert percentiles[49] < BOUND_MS
    assert all(answer.keys() == {"jobId", "generationJobId", "queueName", "message"} for answer in accepted)
    assert {answer["queueName"] for answer in accepted} == {"logo-generation"}
    assert len({answer["jobId"] for answer in accepted}) == 100
    assert host.stop() == 0, host.log
    assert host.left() == {}
    counted = Rows(host.data).read(
        "SELECT count(*) AS jobs, max(failures) AS failures FROM generation_jobs WHERE credits > 0"
    )
    assert counted == [{"jobs": 100, "failures": 0}]  # none was lost, and the end of the workers cost no attempt


def test_ac_09_progress_events_with_growing_progress(made: Course) -> None:
    is_right(made)
    percents = [data["progress"] for data in made.progress]
    assert len(percents) >= 5
    assert percents == sorted(percents)
    assert percents[:3] == [0, 5, 10]
    assert percents[-3:] == [80, 80, 90]
    assert made.events[-1][1]["progress"] == 100


@pytest.mark.node
def test_ac_09_the_stock_javascript_client_sees_the_same(user: Caller, brand: str, node: None) -> None:
    async def run() -> Course:
        client = NodeClient()
        await client.start()
        return await follow(client, user, brand)

    course = asyncio.run(run())
    is_right(course)
    assert len(course.logos) == COUNT
    assert logged(user, course.job_id) == course.events


def logged(user: Caller, job_id: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of a job as REST tells them."""
    return [(one["event"], one["data"]) for one in user.get(f"/api/v1/jobs/{job_id}/events")["events"]]


def test_the_sockets_events_are_those_of_the_log(user: Caller, made: Course) -> None:
    assert logged(user, made.job_id) == made.events


def test_ac_10_job_complete_brings_four_logos(made: Course, brand: str) -> None:
    assert made.events[-1][0] == "job:complete"
    assert len({logo["id"] for logo in made.logos}) == COUNT
    assert {(logo["brandId"], logo["assetType"], logo["isSelected"]) for logo in made.logos} == {(brand, "logo", False)}
    assert sorted(logo["metadata"]["index"] for logo in made.logos) == list(range(COUNT))
    assert all(logo["metadata"]["prompt"] for logo in made.logos)


def test_ac_11_generation_jobs_holds_the_final_status(user: Caller, made: Course, rows: Rows) -> None:
    job = user.job(made.job_id)
    assert (job["status"], job["stage"], job["progress"], job["error"]) == ("complete", "saving", 100, None)
    assert job["result"] == made.events[-1][1]["result"]
    assert datetime.fromisoformat(job["completedAt"]) >= datetime.fromisoformat(job["startedAt"])
    row = rows.job(made.job_id)
    assert (row["status"], row["job_type"], row["id"]) == ("complete", "logo", made.accepted["generationJobId"])
    assert row["result"] is not None
    assert row["completed_at"] == made.events[-1][1]["timestamp"]


def test_ac_12_brand_assets_holds_four_logos_whose_addresses_load(user: Caller, admin: Caller, rows: Rows) -> None:
    """A brand of its own, so that its four are all that there are."""
    brand = user.brand()
    job = user.ended_job(user.post(LOGOS, logo_request(brand, count=COUNT), 202)["jobId"])
    at_once = load_all(user, brand)
    user.uploads(job["jobId"])
    finally_ = load_all(user, brand)
    assert finally_.keys() == at_once.keys() == {logo["id"] for logo in job["result"]["logos"]}
    assert len(set(finally_.values())) == COUNT  # four different pictures
    stored = rows.read("SELECT * FROM brand_assets WHERE brand_id = ? AND asset_type = 'logo'", brand)
    assert {row["id"] for row in stored} == finally_.keys()
    assert all(row["url"] and row["thumbnail_url"] for row in stored)


def load_all(user: Caller, brand: str) -> dict[str, bytes]:
    """Load a brand's logos by their addresses, with no header at all."""
    assets = user.get(f"/api/v1/brands/{brand}/assets", assetType="logo")["assets"]
    assert len(assets) == COUNT
    with httpx.Client() as anybody:
        for asset in assets:
            if asset["thumbnailUrl"]:
                assert anybody.get(asset["thumbnailUrl"]).status_code == 200
        answers = {asset["id"]: anybody.get(asset["url"]) for asset in assets}
    for answer in answers.values():
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) >= 512
    return {asset_id: answer.content for asset_id, answer in answers.items()}


def test_ac_13_an_upload_was_dispatched_for_each_logo(user: Caller, made: Course, rows: Rows) -> None:
    uploads = user.uploads(made.job_id)
    assert [(one["status"], one["parentJobId"], one["userId"]) for one in uploads] == [
        ("complete", made.job_id, user.user_id)
    ] * COUNT
    assert {one["result"]["assetId"] for one in uploads} == {logo["id"] for logo in made.logos}
    queued = rows.read("SELECT queue_name FROM generation_jobs WHERE parent_job_id = ?", made.job_id)
    assert queued == [{"queue_name": "image-upload"}] * COUNT


def test_ac_22_too_few_credits_are_answered_402(host: Host, admin: Caller, rows: Rows) -> None:
    with Caller.user(host) as poor:
        brand = poor.brand()
        admin.all_ended()
        before = rows.counts()
        refusal = poor.post(LOGOS, logo_request(brand, count=COUNT), 402)
        assert refusal == {"error": "Insufficient credits", "required": COUNT, "available": 0}
        assert rows.counts() == before


def test_what_was_made_is_paid_for(user: Caller, admin: Caller) -> None:
    admin.all_ended()
    balance = user.credits()
    assert balance["creditsReserved"] == 0
    assert balance["creditsUsed"] >= COUNT
    assert balance["creditsUsed"] % COUNT == 0
    assert sum(balance.values()) == 40
