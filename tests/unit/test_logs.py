"""One line per event, from both kinds of loggers."""

from __future__ import annotations

import json
import subprocess
import sys

CODE = """
import json, logging, sys, structlog
from workhall.logs import configure_logging
configure_logging(sys.argv[1], process="worker 1")
structlog.get_logger("a").info("from structlog", job="j-1")
logging.getLogger("b").info("from %s\\nlogging", "stdlib")
logging.getLogger("saq").info("quiet")
logging.getLogger("httpx").info("quiet")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("c").exception("broken")
"""


def lines(level: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", CODE, level], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_one_line_per_event():
    first, second, third = lines("info")
    assert "from structlog" in first
    assert "job=j-1" in first
    assert "process='worker 1'" in first
    assert "from stdlib | logging" in second
    assert "broken" in third
    assert "ZeroDivisionError: division by zero" in third
    assert json.dumps(third).isascii()


def test_a_higher_level_leaves_lower_ones_out():
    assert len(lines("error")) == 1


def test_debug_shows_the_traceback():
    assert "Traceback (most recent call last):" in lines("debug")
