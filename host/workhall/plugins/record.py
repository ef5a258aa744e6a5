"""`PluginRecord`: what the host knows of one plugin after start-up, whether it works or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from workhall.sdk import Processor

__all__ = ["PluginRecord", "PluginState"]

PluginState = Literal["active", "degraded", "quarantined", "draining", "broken", "disabled", "blocked", "incompatible"]


@dataclass(frozen=True, slots=True)
class PluginRecord:
    """One plugin as `workhall plugins list` shows it.

    Attributes:
        name: its entry point's name.
        distribution: what pip knows it by.
        version: the distribution's version when it was loaded; files that change later don't alter it.
        state: one of `PluginState`; ``active`` and ``degraded`` plugins serve their queues.
        reason: one sentence that ends with the next command to type, or an empty string.
        queues: the queues that it serves, or would serve if it were not broken; empty where it was never imported.
        processors: what it serves, with the operator's figures; empty where it serves nothing.
        origin: ``index``, ``url``, ``vcs``, ``local`` or ``editable``.
        load_ms: milliseconds that importing and declaring took; 0 where it was never imported.
        module: the entry point's value, ``module`` or ``module:attribute``.
        settings: the plugin's settings with secrets masked.
    """

    name: str
    distribution: str
    version: str
    state: PluginState
    reason: str = ""
    queues: tuple[str, ...] = ()
    processors: tuple[Processor, ...] = ()
    origin: str = "index"
    load_ms: float = 0.0
    module: str = ""
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_serving(self) -> bool:
        """Whether its queues take jobs."""
        return self.state in ("active", "degraded")

    def to_json(self) -> dict[str, Any]:
        """Return the fields of ``workhall plugins list --json`` (contract §3); secrets are masked already."""
        return {
            "name": self.name,
            "version": self.version,
            "queues": list(self.queues),
            "state": self.state,
            "reason": self.reason,
            "settings": dict(self.settings),
        }
