"""Logging of every process: one readable line per event on stderr, never a second one.

Both `structlog.get_logger` and the standard library's loggers end here. A traceback is folded into one line that
names the error and the place; ``WORKHALL_LOG_LEVEL=debug`` prints it in full.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any, Final

import structlog
from structlog.types import EventDict, Processor

__all__ = ["configure_logging"]

# Libraries that report every request at INFO, or repeat in their own words what our events already say.
_QUIET: Final = ("aiosqlite", "alembic", "asyncio", "engineio", "httpcore", "httpx", "saq", "socketio", "uvicorn")


def configure_logging(level: str = "info", *, process: str = "") -> None:
    """Send all logging of this process to stderr.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
        process: a word that is put on every line, e.g. ``worker 2``, where several processes share one stderr.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    shared = _shared_processors(process, fold=number > logging.DEBUG)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(shared))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    logging.captureWarnings(True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _shared_processors(process: str, *, fold: bool) -> list[Processor]:
    def add_process(_logger: Any, _method: str, event: EventDict) -> EventDict:
        if process:
            event.setdefault("process", process)
        return event

    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%SZ", utc=True),
        add_process,
    ]
    return [*processors, _one_line] if fold else processors


def _formatter(shared: list[Processor]) -> logging.Formatter:
    renderer = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        pad_event_to=0,
        exception_formatter=structlog.dev.plain_traceback,
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )


def _one_line(_logger: Any, _method: str, event: EventDict) -> EventDict:
    event["event"] = " | ".join(str(event["event"]).splitlines())
    event.pop("stack_info", None)
    error = _error_of(event.pop("exc_info", None))
    if error is not None:
        event["error"] = " | ".join(f"{type(error).__name__}: {error}".splitlines())
        frames = traceback.extract_tb(error.__traceback__)
        if frames:
            event["at"] = f"{frames[-1].filename}:{frames[-1].lineno}"
    return event


def _error_of(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        error: BaseException | None = exc_info[1]
        return error
    return sys.exc_info()[1] if exc_info else None
