"""Plugins: found by their metadata, loaded one by one in isolation, kept as an unchanging `Registry`.

``discovery → policy → loader → clashes → overrides and settings → registry``; `handlers` is for worker processes only.
"""

from workhall.plugins.handlers import Handler, HandlerError, resolve_handler
from workhall.plugins.overrides import OverrideError
from workhall.plugins.plugin_settings import PluginSettingsError, build_settings
from workhall.plugins.record import PluginRecord, PluginState
from workhall.plugins.registry import RegisteredProcessor, Registry, UnknownQueueError, load_registry

__all__ = [
    "Handler",
    "HandlerError",
    "OverrideError",
    "PluginRecord",
    "PluginSettingsError",
    "PluginState",
    "RegisteredProcessor",
    "Registry",
    "UnknownQueueError",
    "build_settings",
    "load_registry",
    "resolve_handler",
]
