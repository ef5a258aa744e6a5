"""What a worker process serves, with the handlers imported for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from workhall.jobs.execute import Installed
from workhall.plugins.handlers import resolve_handler
from workhall.plugins.plugin_settings import build_settings
from workhall.plugins.registry import RegisteredProcessor, Registry
from workhall.settings import environment

__all__ = ["ALL", "Service", "installed_for"]


@dataclass(frozen=True, slots=True)
class Service:
    """What a worker process serves.

    Args:
        queues: these queues; all that are installed where none is named.
        shared: leave the queues that have worker processes of their own to these.
        most_at_once: at most so many jobs of a queue at a time; as its policy says where None.
    """

    queues: Sequence[str] = ()
    shared: bool = False
    most_at_once: int | None = None


ALL: Final = Service()


def installed_for(registry: Registry, service: Service, isolated: Iterable[str] = ()) -> dict[str, Installed]:
    """Return what ``service`` asks for, without the queues of ``isolated``.

    Raises:
        ValueError: a named queue is not installed.
        workhall.plugins.handlers.HandlerError: a handler cannot be imported.
    """
    return _import_handlers(_chosen(registry, service.queues, isolated))


def _chosen(registry: Registry, queues: Sequence[str], without: Iterable[str]) -> dict[str, RegisteredProcessor]:
    if unknown := [queue for queue in queues if queue not in registry.processors]:
        names = ", ".join(sorted(registry.processors)) or "none"
        raise ValueError(f"The queue {unknown[0]} is not installed; the queues are: {names}.")
    served = set(queues or registry.processors) - set(without)
    return {queue: one for queue, one in registry.processors.items() if queue in served}


def _import_handlers(chosen: Mapping[str, RegisteredProcessor]) -> dict[str, Installed]:
    """Import every handler before this process says ready, so that files that change later cannot reach it."""
    variables = environment()
    return {
        queue: Installed(one, resolve_handler(one.processor), build_settings(one.processor, one.plugin, variables))
        for queue, one in chosen.items()
    }
