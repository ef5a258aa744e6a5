"""The commands, put together from families; a plugin's ``cli(group)`` hook adds its own the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import metadata
from typing import Annotated, Final

import typer

from workhall.cli import db, dead_letters, demo, jobs, plugins, system, token

__all__ = ["FAMILIES", "build_app"]

FAMILIES: Final[tuple[Callable[[typer.Typer], None], ...]] = (
    system.add_to,
    demo.add_to,
    jobs.add_to,
    dead_letters.add_to,
    plugins.add_to,
    token.add_to,
    db.add_to,
)


def build_app(families: Iterable[Callable[[typer.Typer], None]] = FAMILIES) -> typer.Typer:
    """Return the whole command line; each family adds its commands to the group that it is given."""
    app = typer.Typer(
        name="workhall",
        help="Workhall, a plugin-based worker host. `workhall demo` shows it at work.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    for add_to in families:
        add_to(app)
    return app


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(metadata.version("workhall"))
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Workhall, a plugin-based worker host. `workhall demo` shows it at work."""
