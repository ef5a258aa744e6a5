"""Whether a plugin may be loaded, decided from its metadata; none of its code runs here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from importlib_metadata import PackageNotFoundError, version
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from workhall.plugins.discovery import Candidate, plugin_key
from workhall.plugins.record import PluginState

__all__ = ["Policy", "Verdict", "check_policy", "host_version"]

RESERVED: Final = frozenset({"queue"})  # WORKHALL_QUEUE__… are the operator's figures for queues


def host_version() -> str | None:
    """Return the version of the installed host, or None where it runs from a source tree without metadata."""
    try:
        return version("workhall")
    except (PackageNotFoundError, OSError, KeyError):  # not installed, or a leftover without metadata or version
        return None


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator allows and what this host is.

    Attributes:
        allow: ``WORKHALL_PLUGINS``: None allows all, an empty string none (safe mode), else comma-separated names of
            plugins or their distributions.
        production: whether editable installs are refused.
        host: the running host's version; None leaves requirements on it unchecked.
        python: the running Python's version.
    """

    allow: str | None = None
    production: bool = False
    host: str | None = field(default_factory=host_version)
    python: str = ".".join(map(str, sys.version_info[:3]))

    @property
    def allowed(self) -> tuple[str, ...] | None:
        """The names on the allow-list as they were written; None where there is no list."""
        if self.allow is None:
            return None
        return tuple(name.strip() for name in self.allow.split(",") if name.strip())


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a plugin is not loaded: the state it is shown in and one sentence."""

    state: PluginState
    reason: str


def check_policy(candidate: Candidate, policy: Policy) -> Verdict | None:
    """Return why ``candidate`` may not be loaded, or None where nothing speaks against it."""
    return next(filter(None, (check(candidate, policy) for check in _CHECKS)), None)


def _allow_list(candidate: Candidate, policy: Policy) -> Verdict | None:
    allowed = policy.allowed
    if allowed is None or {plugin_key(candidate.name), plugin_key(candidate.distribution)} & set(
        map(plugin_key, allowed)
    ):
        return None
    why = "is not on the allow-list" if allowed else "is off because the allow-list is empty (safe mode)"
    wanted = ",".join((*allowed, candidate.name))
    return Verdict("disabled", f"The plugin {candidate.name} {why}; to load it, set `WORKHALL_PLUGINS={wanted}`.")


def _usable_metadata(candidate: Candidate, _: Policy) -> Verdict | None:
    if candidate.fault:
        return Verdict("broken", candidate.fault)
    if plugin_key(candidate.name) in RESERVED:
        return Verdict(
            "broken",
            f"The plugin name {candidate.name} is reserved for the host's own settings; "
            f"rename the entry point or run `pip uninstall {candidate.distribution}`.",
        )
    return None


def _editable(candidate: Candidate, policy: Policy) -> Verdict | None:
    if not (policy.production and candidate.origin == "editable"):
        return None
    return Verdict(
        "blocked",
        f"The plugin {candidate.name} is an editable install, which production refuses; "
        f"install a built wheel: `pip install {candidate.distribution}=={candidate.version}`.",
    )


def _python(candidate: Candidate, policy: Policy) -> Verdict | None:
    try:
        fits = SpecifierSet(candidate.requires_python).contains(policy.python, prereleases=True)
    except InvalidSpecifier:
        return _unreadable(candidate, f"Requires-Python: {candidate.requires_python}")
    return (
        None if fits else _misfit(candidate, f"Python {candidate.requires_python}", f"this is Python {policy.python}")
    )


def _host(candidate: Candidate, policy: Policy) -> Verdict | None:
    for line in candidate.requires:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            return _unreadable(candidate, f"Requires-Dist: {line}")
        if policy.host is None or plugin_key(requirement.name) != "workhall" or not _applies(requirement):
            continue
        if not requirement.specifier.contains(policy.host, prereleases=True):
            return _misfit(candidate, f"workhall {requirement.specifier}", f"this host is workhall {policy.host}")
    return None


def _applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def _misfit(candidate: Candidate, needs: str, actual: str) -> Verdict:
    return Verdict(
        "incompatible",
        f"The plugin {candidate.name} {candidate.version} needs {needs}, but {actual}; "
        f"run `pip install --upgrade workhall {candidate.distribution}`.",
    )


def _unreadable(candidate: Candidate, line: str) -> Verdict:
    return Verdict(
        "broken",
        f"The metadata of {candidate.distribution} has a line that cannot be read ({line}); "
        f"run `pip install --force-reinstall {candidate.distribution}`.",
    )


_CHECKS: Final[tuple[Callable[[Candidate, Policy], Verdict | None], ...]] = (
    _allow_list,
    _usable_metadata,
    _editable,
    _python,
    _host,
)
