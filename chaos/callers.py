"""The users of the soak: they submit and cancel through the REST API, and try again until they have an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, Self
from uuid import UUID

from workhall.access.tokens import issue_token
from workhall.client import WorkhallClient
from workhall.client.errors import ApiError
from workhall.settings import load_settings

from chaos.wishes import USERS, Wish

__all__ = ["GRANTED", "Callers"]

GRANTED: Final = 1_000_000
_TTL_S: Final = 86_400
_ASK_AGAIN_S: Final = 0.3
_REQUEST_S: Final = 10.0
# Answers that say that nothing is wrong with the request: no answer at all, or a part of the system is away.
_PASSING: Final = (0, 500, 502, 503, 504)


class Callers:
    """Users with credits; use as a context manager.

    Attributes:
        user_ids: who they are.
        tokens: their JSON Web Tokens.
        refused: sentences of answers that no retry would change.
    """

    def __init__(self, url: str, data: Path) -> None:
        settings = load_settings(data)
        self.url = url
        self.user_ids = [str(UUID(int=number + 1, version=4)) for number in range(USERS)]
        self.tokens = [issue_token(settings, user_id, "user", _TTL_S) for user_id in self.user_ids]
        self.refused: list[str] = []
        self._admin_token = issue_token(settings, None, "admin", _TTL_S)
        self._stack = AsyncExitStack()
        self._clients: list[WorkhallClient] = []

    async def __aenter__(self) -> Self:
        for token in self.tokens:
            client = WorkhallClient(self.url, token, timeout_s=_REQUEST_S)
            self._clients.append(await self._stack.enter_async_context(client))
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._stack.aclose()

    async def grant(self) -> None:
        """Give every user credits, while nothing is broken yet: a grant has no key to be repeated under."""
        async with WorkhallClient(self.url, self._admin_token) as admin:
            for user_id in self.user_ids:
                await admin.grant_credits(user_id, GRANTED)

    async def submit_all(
        self, wishes: Sequence[Wish], seed: int, seconds: float, accepted: Callable[[Wish], None]
    ) -> None:
        """Submit each wish at its time within ``seconds``; ``accepted`` is called for each that has its 202."""
        async with asyncio.TaskGroup() as group:
            for wish in wishes:
                group.create_task(self._submit(wish, f"chaos-{seed}-{wish.number}", wish.at * seconds, accepted))

    async def _submit(self, wish: Wish, key: str, wait_s: float, accepted: Callable[[Wish], None]) -> None:
        await asyncio.sleep(wait_s)
        client = self._clients[wish.user]
        answer = await self._insist(lambda: client.submit(wish.queue, wish.payload, delay_s=wish.delay_s, key=key))
        if isinstance(answer, int):
            return
        wish.job_id = answer["jobId"]
        accepted(wish)
        if wish.cancel_after_s is not None:
            await asyncio.sleep(wish.cancel_after_s)
            wish.is_cancelled = True
            path = f"/api/v1/jobs/{wish.job_id}/cancel"
            await self._insist(lambda: client.request("POST", path), fine=(409,))

    async def _insist(self, ask: Callable[[], Awaitable[Any]], fine: Sequence[int] = ()) -> Any:
        """Ask until there is an answer; a refusal's status, which is noted unless it is ``fine``."""
        while True:
            try:
                return await ask()
            except ApiError as error:
                if error.status not in _PASSING:
                    if error.status not in fine:
                        self.refused.append(f"{error.status} {error}")
                    return error.status
            await asyncio.sleep(_ASK_AGAIN_S)
