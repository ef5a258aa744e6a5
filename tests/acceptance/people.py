"""Who calls the API: users with brands and credits, and the admin who gives them."""

from __future__ import annotations

import time
from typing import Any, Self
from uuid import uuid4

import httpx

from .system import Host

LOGOS = "/api/v1/generation/logos"
TERMINAL = ("complete", "failed", "cancelled")
ENDS_WITHIN_S = 60


def logo_request(brand_id: str, **changes: Any) -> dict[str, Any]:
    """A good body of ``POST /generation/logos``, with changes."""
    return {
        "brandId": brand_id,
        "brandName": "Juniper & Tide",
        "logoStyle": "modern",
        "colorPalette": ["#0F3D3E", "#E2725B", "#F2E8CF"],
        "brandVision": "Botanical skincare from the coast.",
        "archetype": "The Caregiver",
        "count": 4,
        **changes,
    }


class Caller:
    """One token and what can be done with it."""

    def __init__(self, host: Host, token: str, user_id: str | None = None) -> None:
        self.host, self.token, self.user_id = host, token, user_id
        self.http = httpx.Client(base_url=host.url, headers={"Authorization": f"Bearer {token}"}, timeout=70)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.http.close()

    @classmethod
    def admin(cls, host: Host) -> Self:
        return cls(host, host.token("--role", "admin"))

    @classmethod
    def user(cls, host: Host) -> Self:
        """Somebody new."""
        user_id = str(uuid4())
        return cls(host, host.token("--user", user_id), user_id)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any, code: int, **headers: str) -> Any:
        answer = self.http.post(path, json=body, headers=headers)
        assert answer.status_code == code, answer.text
        return answer.json()

    def grant(self, user: Caller, amount: int) -> None:
        """As an admin."""
        self.post("/api/v1/admin/credits", {"userId": user.user_id, "amount": amount}, 200)

    def brand(self) -> str:
        """Make a brand; returns its id."""
        return str(self.post("/api/v1/brands", {"name": "Juniper & Tide"}, 201)["id"])

    def credits(self) -> dict[str, int]:
        found: dict[str, int] = self.get("/api/v1/credits")
        return found

    def job(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/api/v1/jobs/{job_id}")
        return found

    def ended_job(self, job_id: str) -> dict[str, Any]:
        """Wait until a job has ended, by long polls."""
        until = time.monotonic() + ENDS_WITHIN_S
        while (job := self.get(f"/api/v1/jobs/{job_id}", wait=10))["status"] not in TERMINAL:
            assert time.monotonic() < until, job
        return dict(job)

    def uploads(self, job_id: str) -> list[dict[str, Any]]:
        """Wait until the uploads that a job dispatched have ended."""
        children = self.get("/api/v1/jobs", queue="image-upload", parentJobId=job_id)["jobs"]
        return [self.ended_job(child["jobId"]) for child in children]

    def all_ended(self) -> None:
        """As an admin: wait until no job runs or waits, so that no row changes any more."""
        for job in self.get("/api/v1/jobs", limit=100)["jobs"]:
            self.ended_job(job["jobId"])
            self.uploads(job["jobId"])
