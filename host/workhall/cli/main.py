"""The entry point: runs a command and turns whatever it raises into an exit code and one sentence."""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn

__all__ = ["run"]


def run() -> None:
    """Run the command that ``sys.argv`` names; ends the process with 0, 1 or 2."""
    try:
        from workhall.cli.app import build_app
    except ModuleNotFoundError as error:
        _fail(f"The command line needs the package {error.name}; install it with: pip install 'workhall[server]'")
    try:
        build_app()()
    except Exception as error:  # the outermost door: no traceback reaches a user
        logging.getLogger(__name__).debug("the command failed", exc_info=error)
        _fail(_sentence(error))


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    if type(error).__module__.startswith("workhall."):
        return text  # our own errors are written for the reader
    return f"Unexpected error ({type(error).__name__}: {text}); WORKHALL_LOG_LEVEL=debug shows where it came from."


def _fail(sentence: str) -> NoReturn:
    try:
        sys.stdout.flush()
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()
    except BrokenPipeError:  # nobody reads any more; the interpreter must not complain about it at its end either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)
