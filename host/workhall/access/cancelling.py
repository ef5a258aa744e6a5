"""Who may cancel what: one answer for REST and sockets."""

from __future__ import annotations

from workhall.access.ownership import visible_job
from workhall.jobs.cancel import Canceller
from workhall.jobs.errors import DispatchForbidden, JobEnded
from workhall.jobs.principal import Principal
from workhall.jobs.store.cancels import Cancellation
from workhall.jobs.store.database import Database

__all__ = ["cancel_job"]


async def cancel_job(database: Database, canceller: Canceller, principal: Principal, job_id: str) -> Cancellation:
    """Cancel a job in the caller's name: at once where it waits, at its next await where it runs.

    Raises:
        JobNotFound: it does not exist or is not the caller's; the two are not told apart.
        DispatchForbidden: the caller's role may only look.
        JobEnded: it has ended.
    """
    await visible_job(database, principal, job_id)
    if not principal.may_dispatch("user"):
        raise DispatchForbidden("Your role may look at jobs, but not cancel them.")
    cancellation = await canceller.cancel(job_id)
    if cancellation is None:
        raise JobEnded
    return cancellation
