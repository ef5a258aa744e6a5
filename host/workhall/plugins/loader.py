"""Loading one plugin: import it, see what it declares, check that; or say in one sentence why not.

A plugin is tried out on a plugin manager of its own, so that one that fails leaves no trace in the shared one.
"""

from __future__ import annotations

import functools
import importlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from importlib_metadata import EntryPoint

from workhall.plugins.contract import event_breaches, processor_breaches
from workhall.plugins.discovery import Candidate
from workhall.plugins.faults import PluginFault, describe_error, explain_import, run_isolated
from workhall.plugins.hookup import declared, new_hooks, register_plugin
from workhall.plugins.record import PluginRecord
from workhall.sdk import EventSpec, Processor
from workhall.sdk.hooks import ENTRY_POINT_GROUP

__all__ = ["LoadedPlugin", "failed_record", "load_plugin"]

_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """A plugin that was imported and keeps the contract; ``load_ms`` is how many milliseconds that took."""

    candidate: Candidate
    plugin: object
    processors: tuple[Processor, ...]
    events: tuple[EventSpec, ...]
    load_ms: float

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues that it declares."""
        return tuple(processor.queue for processor in self.processors)


def load_plugin(candidate: Candidate) -> LoadedPlugin | PluginRecord:
    """Import ``candidate`` and return it, or the record of a broken plugin; only KeyboardInterrupt passes."""
    started = time.perf_counter()
    try:
        plugin = _import_target(candidate)
        processors, events = _declarations(plugin, candidate.name)
    except PluginFault as fault:
        return failed_record(candidate, fault, load_ms=_ms_since(started))
    return LoadedPlugin(candidate, plugin, processors, events, _ms_since(started))


def failed_record(
    candidate: Candidate, fault: PluginFault, *, queues: tuple[str, ...] = (), load_ms: float = 0.0
) -> PluginRecord:
    """Return the record of a plugin that serves nothing because of ``fault``."""
    return PluginRecord(
        name=candidate.name,
        distribution=candidate.distribution,
        version=candidate.version,
        state=fault.state,
        reason=fault.reason,
        queues=queues,
        origin=candidate.origin,
        load_ms=load_ms,
        module=candidate.value,
    )


def _import_target(candidate: Candidate) -> object:
    point = EntryPoint(name=candidate.name, value=candidate.value, group=ENTRY_POINT_GROUP)
    module_name = run_isolated(lambda: point.module, lambda _: _no_target(candidate, "is neither module nor module:name"))
    module = run_isolated(
        lambda: importlib.import_module(module_name),
        lambda error: explain_import(
            error, module_name, distribution=candidate.distribution, requires=candidate.requires
        ),
    )
    return run_isolated(
        lambda: functools.reduce(getattr, filter(None, (point.attr or "").split(".")), module),
        lambda error: _no_target(candidate, f"does not exist ({describe_error(error)})"),
    )


def _declarations(plugin: object, name: str) -> tuple[tuple[Processor, ...], tuple[EventSpec, ...]]:
    hooks = new_hooks()
    register_plugin(hooks, plugin, name)
    processors = declared(hooks, "processors", Processor, name)
    events = declared(hooks, "socket_events", EventSpec, name)
    _require_none(name, (*processor_breaches(processors), *event_breaches(events)))
    return processors, events


def _require_none(name: str, breaches: Iterable[str]) -> None:
    found = "; ".join(breaches)
    if found:
        raise PluginFault(f"The plugin {name} is wrong: {found}; correct that and load it again.")


def _no_target(candidate: Candidate, what: str) -> str:
    return (
        f"The entry point {candidate.name} = {candidate.value!r} {what}; "
        f"run `pip install --force-reinstall {candidate.distribution}`."
    )


def _ms_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
