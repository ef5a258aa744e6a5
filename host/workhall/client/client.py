"""`WorkhallClient`: the REST API as methods, and `watch` for a job's events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Final, Self

import httpx

from workhall.client.errors import ApiError, Unreachable
from workhall.client.events import Event
from workhall.client.watch import watch_job

__all__ = ["WorkhallClient"]

Json = dict[str, Any]
_DEAD_LETTERS: Final = "/api/v1/admin/dead-letters"


class WorkhallClient:
    """One caller of one host. Every method raises `ApiError`, with `Unreachable` where nobody answers.

    Args:
        url: where the host answers, e.g. ``http://127.0.0.1:3000``.
        token: the caller's JSON Web Token.
        timeout_s: seconds that one request may take.
    """

    def __init__(self, url: str, token: str, *, timeout_s: float = 30.0) -> None:
        self.url, self.token = url.rstrip("/"), token
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=timeout_s, follow_redirects=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def request(
        self, method: str, path: str, *, body: Any = None, query: Mapping[str, Any] | None = None, key: str = ""
    ) -> Any:
        """Send one request and return the answer's JSON; ``key`` is sent as ``Idempotency-Key``."""
        params = {name: value for name, value in (query or {}).items() if value is not None}
        headers = {"Idempotency-Key": key} if key else {}
        try:
            answer = await self._http.request(method, path, json=body, params=params, headers=headers)
        except httpx.TransportError as error:
            raise Unreachable(self.url, str(error) or type(error).__name__) from None
        if answer.is_success:
            return answer.json() if answer.content else None
        raise _error_of(answer)

    async def submit(
        self,
        queue: str,
        payload: Mapping[str, Any],
        *,
        delay_s: float | None = None,
        priority: int | None = None,
        key: str = "",
    ) -> Json:
        """Submit a job: ``{jobId, generationJobId, queueName, message}``."""
        query = {"delay": delay_s, "priority": priority}
        answer: Json = await self.request("POST", f"/api/v1/jobs/{queue}", body=payload, query=query, key=key)
        return answer

    async def generate(self, kind: str, request: Mapping[str, Any], *, key: str = "") -> Json:
        """Submit by a generation route, e.g. ``logos``."""
        answer: Json = await self.request("POST", f"/api/v1/generation/{kind}", body=request, key=key)
        return answer

    async def job(self, job_id: str) -> Json:
        """Return one job."""
        answer: Json = await self.request("GET", f"/api/v1/jobs/{job_id}")
        return answer

    async def jobs(
        self,
        *,
        queue: str | None = None,
        status: str | None = None,
        brand_id: str | None = None,
        parent_job_id: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Json:
        """Return one page of jobs, newest first: ``{jobs, nextCursor}``."""
        names = {"queue": queue, "status": status, "brandId": brand_id, "parentJobId": parent_job_id}
        answer: Json = await self.request("GET", "/api/v1/jobs", query={**names, "limit": limit, "cursor": cursor})
        return answer

    async def events(self, job_id: str, after: int = 0) -> list[Event]:
        """Return a job's events so far, in order, those above ``after`` only."""
        answer = await self.request("GET", f"/api/v1/jobs/{job_id}/events", query={"after": after or None})
        return [Event(item["event"], item["seq"], item["data"]) for item in answer["events"]]

    def watch(self, job_id: str, after: int = 0) -> AsyncIterator[Event]:
        """Yield a job's events from the socket, ``seq`` by ``seq`` without a gap, until its last one.

        Args:
            job_id: the job.
            after: the last ``seq`` that is known already; 0 for all.
        """
        return watch_job(self, job_id, after)

    async def cancel(self, job_id: str) -> Json:
        """Cancel a job: ``{ok, message}``."""
        answer: Json = await self.request("POST", f"/api/v1/jobs/{job_id}/cancel")
        return answer

    async def retry(self, job_id: str) -> Json:
        """Run an ended job again, as a new one: ``{ok, jobId}``; needs an operator's token."""
        answer: Json = await self.request("POST", f"/api/v1/admin/jobs/{job_id}/retry")
        return answer

    async def dead_letters(
        self, *, queue: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> Json:
        """Return one page of dead letters, newest first: ``{deadLetters, nextCursor}``; needs an operator's token."""
        query = {"queue": queue, "limit": limit, "cursor": cursor}
        answer: Json = await self.request("GET", _DEAD_LETTERS, query=query)
        return answer

    async def dead_letter(self, letter_id: str) -> Json:
        """Return one dead letter, by its own id or that of its job."""
        answer: Json = await self.request("GET", f"{_DEAD_LETTERS}/{letter_id}")
        return answer

    async def replay(self, letter_id: str) -> Json:
        """Run a dead letter's job again, as a new one: ``{ok, jobId}``."""
        answer: Json = await self.request("POST", f"{_DEAD_LETTERS}/{letter_id}/replay")
        return answer

    async def replay_queue(self, queue: str) -> Json:
        """Run a queue's dead letters again that were not yet: ``{ok, jobIds, refused: [{id, error}]}``."""
        answer: Json = await self.request("POST", f"{_DEAD_LETTERS}/replay", query={"queue": queue})
        return answer

    async def purge(self, letter_id: str) -> None:
        """Remove a dead letter for good."""
        await self.request("DELETE", f"{_DEAD_LETTERS}/{letter_id}")

    async def brands(self) -> list[Json]:
        """Return the caller's brands (the first page)."""
        answer = await self.request("GET", "/api/v1/brands")
        brands: list[Json] = answer["brands"]
        return brands

    async def create_brand(self, name: str, **fields: Any) -> Json:
        """Make a brand and return it."""
        brand: Json = await self.request("POST", "/api/v1/brands", body={"name": name, **fields})
        return brand

    async def assets(self, brand_id: str) -> list[Json]:
        """Return a brand's assets (the first page); each ``url`` is signed and loads without a header."""
        answer = await self.request("GET", f"/api/v1/brands/{brand_id}/assets")
        assets: list[Json] = answer["assets"]
        return assets

    async def credits(self) -> Json:
        """Return ``{creditsRemaining, creditsUsed, creditsReserved}`` of the caller."""
        answer: Json = await self.request("GET", "/api/v1/credits")
        return answer

    async def grant_credits(self, user_id: str, amount: int) -> Any:
        """Grant credits to a user; needs an admin's token."""
        return await self.request("POST", "/api/v1/admin/credits", body={"userId": user_id, "amount": amount})

    async def download(self, url: str) -> bytes:
        """Return the bytes behind an asset's ``url``."""
        try:
            answer = await self._http.get(url)
        except httpx.TransportError as error:
            raise Unreachable(self.url, str(error) or type(error).__name__) from None
        if not answer.is_success:
            raise _error_of(answer)
        return answer.content


def _error_of(answer: httpx.Response) -> ApiError:
    try:
        body = answer.json()
        more = {name: value for name, value in body.items() if name not in ("error", "details")}
        return ApiError(answer.status_code, str(body["error"]), body.get("details") or more or None)
    except (ValueError, KeyError, TypeError):
        return ApiError(answer.status_code, f"The host answered {answer.status_code} {answer.reason_phrase}")
