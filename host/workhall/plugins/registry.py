"""`Registry`: everything that this process's plugins declare, as one snapshot that never changes.

Plugins come and go by replacing processes, so there is nothing to lock and nothing global: two registries can exist in
one process.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import pluggy

from workhall.plugins.discovery import Candidate, discover, plugin_key
from workhall.plugins.hookup import new_hooks
from workhall.plugins.loader import LoadedPlugin
from workhall.plugins.overrides import read_overrides, unknown_queues
from workhall.plugins.plugin_settings import unowned_settings
from workhall.plugins.policy import Policy
from workhall.plugins.record import PluginRecord
from workhall.plugins.startup import load_candidates, record_outcome, register_outcomes, settle_clashes
from workhall.sdk import CATALOGUE, EventSpec, Processor

__all__ = ["RegisteredProcessor", "Registry", "UnknownQueueError", "load_registry"]

_log: Final = logging.getLogger("workhall.plugins")


class UnknownQueueError(LookupError):
    """No plugin serves the queue.

    Attributes:
        queue: the name asked for.
        available: the queues that there are.
        reason: why the plugin that declares it doesn't serve it; empty where no installed plugin does.
    """

    def __init__(self, queue: str, available: Sequence[str], reason: str = "") -> None:
        names = ", ".join(available) or "none"
        super().__init__(reason or f"There is no queue {queue}; the queues are: {names}.")
        self.queue = queue
        self.available = tuple(available)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class RegisteredProcessor:
    """A processor with the operator's figures, the plugin that it comes from and its payload's `schema_hash`."""

    processor: Processor
    plugin: str
    version: str
    schema_hash: str


@dataclass(frozen=True, slots=True)
class Registry:
    """What this process has loaded.

    Attributes:
        records: one for each plugin that is installed, by name.
        processors: those that are served, by queue.
        events: the host's event catalogue and the plugins' own events, by name.
        hooks: the plugins that are served, for calling further hooks; in order of their names.
        problems: sentences on variables that concern nothing that is installed.
    """

    records: tuple[PluginRecord, ...]
    processors: Mapping[str, RegisteredProcessor]
    events: Mapping[str, EventSpec]
    hooks: pluggy.PluginManager
    problems: tuple[str, ...] = ()

    def queue(self, name: str) -> RegisteredProcessor:
        """Return the processor of a queue.

        Raises:
            UnknownQueueError: nothing serves it.
        """
        try:
            return self.processors[name]
        except KeyError:
            reason = next((record.reason for record in self.records if name in record.queues), "")
            raise UnknownQueueError(name, tuple(self.processors), reason) from None


def load_registry(*, allow: str | None, production: bool, environ: Mapping[str, str]) -> Registry:
    """Load every installed plugin that may be loaded; what is wrong with a plugin ends as its record's state.

    Args:
        allow: the allow-list ``WORKHALL_PLUGINS``: None allows all, an empty string none.
        production: whether editable installs are refused.
        environ: the variables that the operator's figures and the plugins' settings are read from.

    Raises:
        OverrideError: a figure of the operator cannot be used, whoever it is for.
    """
    overrides = read_overrides(environ)
    policy = Policy(allow=allow, production=production)
    candidates = discover()
    hooks = new_hooks()
    outcomes = register_outcomes(hooks, settle_clashes(load_candidates(candidates, policy)))
    records = tuple(record_outcome(outcome, overrides, environ) for outcome in outcomes)
    plugins = {outcome.candidate.name: outcome for outcome in outcomes if isinstance(outcome, LoadedPlugin)}
    problems = (
        *_unknown_names(policy, candidates),
        *unknown_queues(overrides, [queue for record in records for queue in record.queues]),
        *unowned_settings([candidate.name for candidate in candidates], environ),
    )
    _log_outcome(records, problems)
    return Registry(records, _processors(records, plugins), _events(plugins), hooks, problems)


def _processors(
    records: Sequence[PluginRecord], plugins: Mapping[str, LoadedPlugin]
) -> Mapping[str, RegisteredProcessor]:
    registered = [
        RegisteredProcessor(processor, record.name, record.version, plugins[record.name].schema_hashes[processor.queue])
        for record in records
        for processor in record.processors
    ]
    return MappingProxyType(
        {one.processor.queue: one for one in sorted(registered, key=lambda one: one.processor.queue)}
    )


def _events(plugins: Mapping[str, LoadedPlugin]) -> Mapping[str, EventSpec]:
    own = {event.name: event for plugin in plugins.values() for event in plugin.events}
    return MappingProxyType(CATALOGUE | own)


def _unknown_names(policy: Policy, candidates: Sequence[Candidate]) -> list[str]:
    installed = {plugin_key(name) for one in candidates for name in (one.name, one.distribution)}
    return [
        f"WORKHALL_PLUGINS names {name}, which is not installed; run `pip install {name}` or take it off the list."
        for name in policy.allowed or ()
        if plugin_key(name) not in installed
    ]


def _log_outcome(records: Sequence[PluginRecord], problems: Sequence[str]) -> None:
    for record in records:
        level, action = _LINES.get(record.state, (logging.ERROR, "plugin_failed"))
        fields = {"plugin": record.name, "version": record.version, "state": record.state, "ms": record.load_ms}
        _log.log(level, action, extra={**fields, "queues": record.queues, "reason": record.reason})
    for problem in problems:
        _log.warning("plugin_setting_unknown", extra={"reason": problem})


_LINES: Final = {
    "active": (logging.INFO, "plugin_loaded"),
    "degraded": (logging.WARNING, "plugin_loaded"),
    "disabled": (logging.INFO, "plugin_skipped"),
}
