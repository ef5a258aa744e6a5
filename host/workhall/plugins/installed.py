"""The registry of what is installed, by the host's settings."""

from __future__ import annotations

from workhall.plugins.registry import Registry, load_registry
from workhall.settings import Settings, environment

__all__ = ["installed_registry"]


def installed_registry(settings: Settings) -> Registry:
    """Load every installed plugin that the settings allow.

    Raises:
        workhall.plugins.overrides.OverrideError: a figure of the operator cannot be used.
    """
    return load_registry(allow=settings.plugins, production=settings.env == "production", environ=environment())
