"""``token``: sign a JSON Web Token with the configured secret."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import typer

from workhall.cli.options import DataDir, UserId

__all__ = ["add_to"]

Role = Literal["user", "viewer", "operator", "admin", "service"]
_WITHOUT_USER: Final = ("admin", "service")


def add_to(app: typer.Typer) -> None:
    """Add this family's commands to ``app``."""
    app.command()(token)


def token(
    user: UserId = None,
    role: Annotated[Role, typer.Option("--role", help="What the token allows.")] = "user",
    ttl: Annotated[int, typer.Option("--ttl", min=1, metavar="SECONDS", help="How long it is valid.")] = 86_400,
    data: DataDir = None,
) -> None:
    """Print a JSON Web Token signed with the configured secret."""
    if user is None and role not in _WITHOUT_USER:
        raise typer.BadParameter(f"a token of the role {role} needs a user: --user UUID", param_hint="'--user'")
    from workhall.access.tokens import issue_token
    from workhall.settings import load_settings

    typer.echo(issue_token(load_settings(data), str(user) if user else None, role, ttl))
