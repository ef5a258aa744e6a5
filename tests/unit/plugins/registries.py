"""Registries of what a test has installed, and pieces of plugins to install."""

from __future__ import annotations

from workhall.plugins import load_registry

EVENTS = """
from workhall import EventSpec, WireModel, hookimpl

class Sung(WireModel):
    song: str

@hookimpl
def socket_events():
    return [EventSpec("{name}", Sung, emit=True)]
"""

SETTINGS = """
from pydantic import BaseModel, Field, SecretStr

class Settings(BaseModel):
    api_key: SecretStr = Field(validation_alias="BFL_API_KEY")
    model: str = "flux"
"""


def load(environ=None, *, allow=None, production=False):
    return load_registry(allow=allow, production=production, environ=environ or {})


def states(registry):
    return {record.name: record.state for record in registry.records}


def reasons(registry):
    return {record.name: record.reason for record in registry.records}
