"""The short form of ``python -m chaos``: nearly every fault once, and every promise kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITHIN_S = 220
SHORT = ("--jobs", "100", "--seconds", "11", "--gap", "0.6")


@pytest.mark.chaos
@pytest.mark.timeout(WITHIN_S + 30)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_nothing_is_lost_and_nothing_is_done_twice(database: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "chaos", *SHORT, "--database", database]
    env = {**os.environ, "TMPDIR": str(tmp_path)} if database == "sqlite" else os.environ
    with subprocess.Popen(
        command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            out, err = process.communicate(timeout=WITHIN_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            raise
    assert process.returncode == 0, f"{out}\n{err}"
    assert "accepted" in out
