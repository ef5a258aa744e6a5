"""The mail about a job that failed for good: a job of the queue ``email-send``, if some plugin brings that."""

from __future__ import annotations

import logging
from typing import Any, Final

from workhall.jobs.errors import PayloadInvalid
from workhall.jobs.messages import NewJob
from workhall.jobs.payloads import validate_payload
from workhall.jobs.principal import HOST
from workhall.jobs.store.dead_letters import FailedJob
from workhall.jobs.submit import new_job
from workhall.plugins.registry import Registry

__all__ = ["AlertMail"]

_QUEUE: Final = "email-send"
_TEMPLATE: Final = "generation-failed"
_log = logging.getLogger("workhall.jobs")


class AlertMail:
    """Makes the alert mail to the support (requirements, "Job Failure → Retry → Dead Letter → Alert").

    Args:
        registry: the plugins of this process.
        to: the support's address.
    """

    def __init__(self, registry: Registry, to: str) -> None:
        self._registry, self._to = registry, to

    def __call__(self, failed: FailedJob) -> NewJob | None:
        """Return the mail's job; None, and a line in the log, where no mail can be sent."""
        registered = self._registry.processors.get(_QUEUE)
        if registered is None:
            _log_unsent(failed, f'the queue "{_QUEUE}" is not installed')
            return None
        if failed.queue_name == _QUEUE:
            _log_unsent(failed, "it was a mail itself")
            return None
        mail = {"to": self._to, "template": _TEMPLATE, "data": _data(failed)}
        try:
            payload = validate_payload(registered.processor.payload, mail, HOST, 0)
        except PayloadInvalid as error:
            _log_unsent(failed, f'the payload does not fit the queue "{_QUEUE}": {error.details}')
            return None
        return new_job(registered, payload, user_id=None)


def _log_unsent(failed: FailedJob, why: str) -> None:
    _log.error("%s failed for good (%s); no alert mail is sent: %s.", failed.job_id, failed.error, why)


def _data(failed: FailedJob) -> dict[str, Any]:
    """What the template shows, by the names of the requirements."""
    return {
        "queue": failed.queue_name,
        "jobId": failed.job_id,
        "error": failed.error,
        "userId": failed.user_id,
        "brandId": failed.brand_id,
        "assetType": failed.queue_name.removesuffix("-generation").removesuffix("-composition"),
    }
