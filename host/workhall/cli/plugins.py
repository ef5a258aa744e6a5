"""``plugins``: what is installed, and in which state it is."""

from __future__ import annotations

import json

import typer

from workhall.cli.options import AsJson, DataDir
from workhall.cli.output import print_json, print_table

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add this family's commands to ``app``."""
    group = typer.Typer(help="The installed plugins.", no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_group)
    group.command(name="list")(list_plugins)
    app.add_typer(group, name="plugins")


def _group() -> None:
    """The installed plugins."""


def list_plugins(as_json: AsJson = False, data: DataDir = None) -> None:
    """List the plugins with their queues, state and settings; secrets are masked."""
    from workhall.logs import configure_logging
    from workhall.plugins.installed import installed_registry
    from workhall.settings import load_settings

    settings = load_settings(data)
    configure_logging("debug" if settings.log_level == "debug" else "error")
    registry = installed_registry(settings)
    plugins = [record.to_json() for record in registry.records]
    if as_json:
        print_json(plugins)
        return
    rows = [
        (one["name"], one["version"], one["state"], ", ".join(one["queues"]), one["reason"] or _brief(one["settings"]))
        for one in plugins
    ]
    print_table(("PLUGIN", "VERSION", "STATE", "QUEUES", "REASON OR SETTINGS"), rows)
    for problem in registry.problems:
        typer.echo(problem, err=True)


def _brief(settings: dict[str, object]) -> str:
    return json.dumps(settings, ensure_ascii=False, default=str) if settings else ""
