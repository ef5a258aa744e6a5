"""``db``: the database's schema."""

from __future__ import annotations

import typer

from workhall.cli.options import DataDir

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add this family's commands to ``app``."""
    group = typer.Typer(help="The database.", no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_group)
    group.command()(upgrade)
    app.add_typer(group, name="db")


def _group() -> None:
    """The database."""


def upgrade(data: DataDir = None) -> None:
    """Bring the database to the newest schema; `up` does it by itself."""
    from workhall.logs import configure_logging
    from workhall.settings import load_settings
    from workhall.supervisor.plan import upgrade_database

    settings = load_settings(data)
    configure_logging(settings.log_level)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    upgrade_database(settings.database)
    typer.echo("The database is up to date.")
