"""Loading one plugin: import it, see what it declares, check that; or say in one sentence why not.

A plugin is tried out on a plugin manager of its own, so that one that fails leaves no trace in the shared one.
"""

from __future__ import annotations

import functools
import importlib
import time
from collections.abc import Mapping
from dataclasses import dataclass

from importlib_metadata import EntryPoint

from workhall.plugins.contract import event_breaches, processor_breaches, schema_hash
from workhall.plugins.discovery import Candidate
from workhall.plugins.faults import PluginFault, describe_error, explain_import, run_isolated
from workhall.plugins.hookup import declared, new_hooks, register_plugin
from workhall.plugins.record import PluginRecord
from workhall.sdk import EventSpec, Processor
from workhall.sdk.hooks import ENTRY_POINT_GROUP

__all__ = ["LoadedPlugin", "failed_record", "load_plugin"]


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """A plugin that was imported and keeps the contract.

    Attributes:
        candidate: what it was known as before.
        plugin: the object that its entry point names.
        processors: what its hook ``processors`` declared.
        events: what its hook ``socket_events`` declared.
        schema_hashes: by queue, the hash of the payload's JSON Schema.
        load_ms: milliseconds that all this took.
    """

    candidate: Candidate
    plugin: object
    processors: tuple[Processor, ...]
    events: tuple[EventSpec, ...]
    schema_hashes: Mapping[str, str]
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
        processors, events = _declarations(plugin, candidate)
        hashes = {processor.queue: _hash(processor, candidate) for processor in processors}
    except PluginFault as fault:
        return failed_record(candidate, fault, load_ms=_ms_since(started))
    return LoadedPlugin(candidate, plugin, processors, events, hashes, _ms_since(started))


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
    module_name = run_isolated(
        lambda: point.module, lambda _: _no_target(candidate, "is neither module nor module:name")
    )
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


def _declarations(plugin: object, candidate: Candidate) -> tuple[tuple[Processor, ...], tuple[EventSpec, ...]]:
    hooks = new_hooks()
    register_plugin(hooks, plugin, candidate)
    processors = declared(hooks, "processors", Processor, candidate)
    events = declared(hooks, "socket_events", EventSpec, candidate)
    breaches = run_isolated(
        lambda: [*processor_breaches(processors), *event_breaches(events)],
        lambda error: f"The plugin {candidate.name} declares nonsense: {describe_error(error)}; {candidate.mending}.",
    )
    if breaches:
        raise PluginFault(f"The plugin {candidate.name} is wrong: {', '.join(breaches)}; {candidate.mending}.")
    return processors, events


def _hash(processor: Processor, candidate: Candidate) -> str:
    return run_isolated(
        lambda: schema_hash(processor.payload),
        lambda error: f"The queue {processor.queue} has no schema ({describe_error(error)}); {candidate.mending}.",
    )


def _no_target(candidate: Candidate, what: str) -> str:
    return (
        f"The entry point {candidate.name} = {candidate.value!r} {what}; "
        f"run `pip install --force-reinstall {candidate.distribution}`."
    )


def _ms_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
