"""How commands print: JSON, tables and pairs, on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["print_json", "print_pairs", "print_table", "show_time", "stdout_console"]


def print_json(value: Any) -> None:
    """Print a value as JSON: indented for a person, on one line for a program."""
    typer.echo(json.dumps(value, indent=2 if sys.stdout.isatty() else None, ensure_ascii=False, default=str))


def print_pairs(pairs: Mapping[str, Any]) -> None:
    """Print names and values below each other; what is None is left out."""
    shown = {name: value for name, value in pairs.items() if value is not None}
    width = max(map(len, shown), default=0)
    for name, value in shown.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        typer.echo(f"{name:<{width}}  {text}")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows under their columns' names; nothing is cut off where stdout is no terminal."""
    from rich.table import Table

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    stdout_console().print(table)


def show_time(value: str) -> str:
    """Show a time of the API (ISO 8601) in the local zone."""
    return datetime.fromisoformat(value).astimezone().isoformat(sep=" ", timespec="seconds")


def stdout_console() -> Console:
    """Return a console on stdout that reads no markup from what it prints."""
    from rich.console import Console

    return Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 500)
