"""Writes `.env.example` from the settings; `python deploy/env_example.py` refreshes it, a test compares."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, SecretStr
from workhall.settings import Settings

__all__ = ["render"]

_HEAD = """# Workhall's settings with their defaults; docs/operators.md says what they mean.
# Copy to .env and change what you need.
# Plugins' settings are WORKHALL_<PLUGIN>__<FIELD>; queues' figures WORKHALL_QUEUE__<QUEUE>__<FIELD>.
# For deploy/compose.yml set POSTGRES_PASSWORD and WORKHALL_SECRET_KEY.

"""


def render() -> str:
    """Return the file's text: one commented line per setting."""
    lines = []
    for field in Settings.model_fields.values():
        alias = field.validation_alias
        name = alias.choices[0] if isinstance(alias, AliasChoices) else alias
        default = field.default
        shown = default.get_secret_value() if isinstance(default, SecretStr) else default
        lines.append(f"# {name}={'' if shown is None else shown}")
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name(".env.example").write_text(render())
