"""From a processor's ``"module:function"`` to something to await; for worker processes only.

The name comes from the processor, never from a job's data, and nothing else imports a handler.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from workhall.plugins.faults import PluginFault, describe_error, explain_import, run_isolated
from workhall.sdk import JobContext, Processor

__all__ = ["Handler", "HandlerError", "resolve_handler"]

Handler = Callable[[JobContext[Any]], Awaitable[Any]]


class HandlerError(Exception):
    """A processor's handler cannot be used; the message is one sentence that names queue and handler."""

    def __init__(self, processor: Processor, reason: str) -> None:
        super().__init__(f"The queue {processor.queue} cannot be served by {processor.handler}: {reason}")
        self.queue = processor.queue
        self.handler = processor.handler


def resolve_handler(processor: Processor) -> Handler:
    """Import a processor's handler and return it as an async function of one job context.

    A plain ``def`` runs in a thread; its context variables go with it.

    Raises:
        HandlerError: it cannot be imported, is no function or cannot be called with one argument.
    """
    try:
        found = _find(processor.handler)
        _check_callable(found)
    except PluginFault as fault:
        raise HandlerError(processor, fault.reason) from fault.__cause__
    return found if _is_async(found) else _in_thread(found)


def _find(handler: str) -> Any:
    module_name, _, function = handler.partition(":")
    module = run_isolated(
        lambda: importlib.import_module(module_name), lambda error: explain_import(error, module_name)
    )
    return run_isolated(
        lambda: getattr(module, function),
        lambda error: f"the module has no such function ({describe_error(error)}).",
    )


def _check_callable(found: Any) -> None:
    if not callable(found) or inspect.isclass(found):
        raise PluginFault(
            f"it must be a function, not {'a class' if inspect.isclass(found) else type(found).__name__}."
        )
    if inspect.isgeneratorfunction(found) or inspect.isasyncgenfunction(found):
        raise PluginFault("it must return its result, but it is a generator (it contains `yield`).")
    signature = run_isolated(lambda: inspect.signature(found), lambda error: f"{describe_error(error)}.")
    try:
        signature.bind(object())
    except TypeError:
        raise PluginFault(
            f"it must take one positional argument, the job, but its parameters are {signature}."
        ) from None


def _is_async(found: Any) -> bool:
    return inspect.iscoroutinefunction(found) or inspect.iscoroutinefunction(found.__call__)


def _in_thread(found: Callable[[JobContext[Any]], Any]) -> Handler:
    @functools.wraps(found)
    async def handler(job: JobContext[Any]) -> Any:
        result = await asyncio.to_thread(_without_stop_iteration, found, job)
        return await result if inspect.isawaitable(result) else result

    return handler


def _without_stop_iteration(found: Callable[[JobContext[Any]], Any], job: JobContext[Any]) -> Any:
    """Call ``found``; a StopIteration would never reach the waiting future (CPython issue 112182)."""
    try:
        return found(job)
    except StopIteration as error:
        raise RuntimeError("The handler raised StopIteration.") from error
