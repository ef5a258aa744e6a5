"""What a plugin author imports; `workhall` re-exports exactly this."""

from workhall.sdk.context import JobContext
from workhall.sdk.events import (
    CATALOGUE,
    AgentComplete,
    AgentMessage,
    EventSpec,
    JobCancelledEvent,
    JobComplete,
    JobEvent,
    JobFailed,
    JobProgress,
    JobQueued,
    JobStarted,
    JobToolError,
)
from workhall.sdk.hooks import hookimpl
from workhall.sdk.marks import Preview, Secret
from workhall.sdk.outcomes import JobCancelled, PermanentError, RetryAfter, Snooze
from workhall.sdk.policy import Backoff, RateLimit, Retention, Retry, exponential, fixed, sequence
from workhall.sdk.processor import AcceptedJob, Endpoint, Processor
from workhall.sdk.services import Asset, Brand, Services
from workhall.sdk.wire import WireModel

__all__ = [
    "CATALOGUE",
    "AcceptedJob",
    "AgentComplete",
    "AgentMessage",
    "Asset",
    "Backoff",
    "Brand",
    "Endpoint",
    "EventSpec",
    "JobCancelled",
    "JobCancelledEvent",
    "JobComplete",
    "JobContext",
    "JobEvent",
    "JobFailed",
    "JobProgress",
    "JobQueued",
    "JobStarted",
    "JobToolError",
    "PermanentError",
    "Preview",
    "Processor",
    "RateLimit",
    "Retention",
    "Retry",
    "RetryAfter",
    "Secret",
    "Services",
    "Snooze",
    "WireModel",
    "exponential",
    "fixed",
    "hookimpl",
    "sequence",
]
