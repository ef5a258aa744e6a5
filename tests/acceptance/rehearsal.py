"""A plugin whose jobs fail as often, and take as long, as a test asks: installed into a system of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.plugins.conftest import Site

from .course import Course, SocketClient
from .people import Caller

ATTEMPTS = 3
BACKOFF_S = 0.5
_PLUGIN = {
    "__init__.py": f"""
        from uuid import UUID
        from pydantic import BaseModel
        from workhall import Processor, Retry, exponential, hookimpl

        class Failing(BaseModel):
            user_id: UUID
            failures: int

        class Lasting(BaseModel):
            user_id: UUID
            until: str = ""

        @hookimpl
        def processors():
            retry = Retry(attempts={ATTEMPTS}, backoff=exponential({BACKOFF_S}))
            here = "workhall_rehearsal.handlers"
            return [
                Processor(queue="failing", payload=Failing, handler=here + ":fail", dispatch="user", retry=retry),
                Processor(queue="lasting", payload=Lasting, handler=here + ":last", dispatch="user", concurrency=1),
            ]
        """,
    "handlers.py": """
        import asyncio
        from workhall import JobCancelled

        async def fail(job):
            if job.attempt <= job.payload.failures:
                raise RuntimeError(f"The provider said no, for the {job.attempt}. time")
            return {"attempts": job.attempt}

        async def last(job):
            await job.progress(10, "At work", stage="working")
            try:
                while True:
                    await job.checkpoint()
                    await asyncio.sleep(0.05)
            except JobCancelled:
                with open(job.payload.until, "w") as file:
                    file.write("cleaned up")
                raise
        """,
}


def install(site: Path) -> None:
    """Write the package and its metadata, as pip would."""
    Site(site).add("rehearsal", _PLUGIN)


async def begin(client: SocketClient, user: Caller, queue: str, payload: dict[str, Any]) -> Course:
    """Submit a job and join it, from its first event on."""
    accepted = user.post(f"/api/v1/jobs/{queue}", payload, 202)
    assert await client.ask("job:join", {"jobId": accepted["jobId"], "after": 0}) == {"ok": True}
    return Course(accepted, client)
