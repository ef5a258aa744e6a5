"""What is in `deploy/` is made from the code, not beside it."""

from __future__ import annotations

import runpy
from pathlib import Path

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_the_example_environment_is_up_to_date() -> None:
    render = runpy.run_path(str(DEPLOY / "env_example.py"))["render"]
    assert (DEPLOY / ".env.example").read_text() == render()
