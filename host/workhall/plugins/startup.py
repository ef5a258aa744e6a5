"""The stages that plugins go through when a process starts: load, settle clashes, register, record.

Each stage takes all plugins and returns all plugins. What fails turns from a `LoadedPlugin` into a `PluginRecord` and
goes through the later stages untouched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pluggy

from workhall.plugins.clashes import find_clashes
from workhall.plugins.discovery import Candidate, find_duplicates
from workhall.plugins.faults import PluginFault, describe_error, run_isolated
from workhall.plugins.hookup import register_plugin
from workhall.plugins.loader import LoadedPlugin, failed_record, load_plugin
from workhall.plugins.masking import mask_settings
from workhall.plugins.overrides import Override, override_processor
from workhall.plugins.plugin_settings import PluginSettingsError, build_settings, unknown_settings
from workhall.plugins.policy import Policy, check_policy
from workhall.plugins.record import PluginRecord
from workhall.sdk import Processor

__all__ = ["Outcome", "load_candidates", "record_outcome", "register_outcomes", "settle_clashes"]

Outcome = LoadedPlugin | PluginRecord


def load_candidates(candidates: Sequence[Candidate], policy: Policy) -> list[Outcome]:
    """Load what ``policy`` admits and whose name is its own; the others get their records."""
    verdicts = {candidate: check_policy(candidate, policy) for candidate in candidates}
    duplicates = find_duplicates(candidate for candidate, verdict in verdicts.items() if verdict is None)
    outcomes: list[Outcome] = []
    for candidate, verdict in verdicts.items():
        if verdict is not None:
            outcomes.append(failed_record(candidate, PluginFault(verdict.reason, verdict.state)))
        elif candidate in duplicates:
            outcomes.append(failed_record(candidate, PluginFault(duplicates[candidate])))
        else:
            outcomes.append(load_plugin(candidate))
    return outcomes


def settle_clashes(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Turn plugins that claim the same queue, event or endpoint into broken ones."""
    clashes = find_clashes([outcome for outcome in outcomes if isinstance(outcome, LoadedPlugin)])
    return [
        _failed(outcome, PluginFault(clashes[outcome.candidate.name]))
        if isinstance(outcome, LoadedPlugin) and outcome.candidate.name in clashes
        else outcome
        for outcome in outcomes
    ]


def register_outcomes(hooks: pluggy.PluginManager, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Register what was loaded on ``hooks``; from the last to the first, because pluggy calls the last one first."""
    done: list[Outcome] = []
    for outcome in reversed(outcomes):
        try:
            if isinstance(outcome, LoadedPlugin):
                register_plugin(hooks, outcome.plugin, outcome.candidate)
            done.append(outcome)
        except PluginFault as fault:
            done.append(_failed(outcome, fault))
    return done[::-1]


def _failed(outcome: Outcome, fault: PluginFault) -> PluginRecord:
    if isinstance(outcome, PluginRecord):
        return outcome
    return failed_record(outcome.candidate, fault, queues=outcome.queues, load_ms=outcome.load_ms)


def record_outcome(outcome: Outcome, overrides: Sequence[Override], environ: Mapping[str, str]) -> PluginRecord:
    """Return a plugin's record, with the operator's figures and its settings; wrong settings degrade it."""
    if isinstance(outcome, PluginRecord):
        return outcome
    candidate = outcome.candidate
    shown, faults = _settings(outcome, environ)
    return PluginRecord(
        name=candidate.name,
        distribution=candidate.distribution,
        version=candidate.version,
        state="degraded" if faults else "active",
        reason=" ".join(faults),
        queues=outcome.queues,
        processors=tuple(override_processor(processor, overrides) for processor in outcome.processors),
        origin=candidate.origin,
        load_ms=outcome.load_ms,
        module=candidate.value,
        settings=MappingProxyType(shown),
    )


def _settings(loaded: LoadedPlugin, environ: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Return a plugin's settings, masked, and what is wrong with them."""
    name = loaded.candidate.name
    models = [processor.settings for processor in loaded.processors if processor.settings]
    shown: dict[str, Any] = {}
    faults: dict[str, None] = dict.fromkeys(unknown_settings(name, models, environ))
    for processor in loaded.processors:
        try:
            shown |= _shown(processor, loaded.candidate, environ)
        except PluginSettingsError as error:
            faults |= dict.fromkeys(error.sentences)
        except PluginFault as fault:
            faults[fault.reason] = None
    return shown, list(faults)


def _shown(processor: Processor, candidate: Candidate, environ: Mapping[str, str]) -> dict[str, Any]:
    settings = build_settings(processor, candidate.name, environ)
    return run_isolated(
        lambda: mask_settings(settings),
        lambda error: (
            f"The settings of {candidate.name} cannot be shown ({describe_error(error)}); {candidate.mending}."
        ),
    )
