"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

__all__ = ["AsJson", "CommandError", "DataDir", "UserId"]

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder; WORKHALL_DATA, or .workhall, where left out."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
UserId = Annotated[UUID | None, typer.Option("--user", metavar="UUID", help="The user in whose name it is done.")]


class CommandError(Exception):
    """A command failed; the message is one sentence."""
