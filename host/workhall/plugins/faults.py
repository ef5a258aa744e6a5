"""A plugin's faults as sentences: everything that its own code may raise while it is loaded ends here."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Final, TypeVar

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from pydantic import ValidationError

from workhall.plugins.record import PluginState

__all__ = ["PluginFault", "describe_error", "explain_import", "run_isolated"]

T = TypeVar("T")
TEXT_LIMIT: Final = 300  # characters of a foreign message
_EXTRA: Final = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")
_log: Final = logging.getLogger("workhall.plugins")


class PluginFault(Exception):
    """A plugin cannot be used; ``reason`` is one sentence with the way out, ``state`` what it is shown as."""

    def __init__(self, reason: str, state: PluginState = "broken") -> None:
        super().__init__(reason)
        self.reason = reason
        self.state: PluginState = state


def run_isolated(call: Callable[[], T], explain: Callable[[BaseException], str]) -> T:
    """Run a plugin's code; an operator's KeyboardInterrupt passes.

    Raises:
        PluginFault: the code raised, or called ``sys.exit``; the sentence is ``explain``'s.
    """
    try:
        return call()
    except PluginFault:
        raise
    except (Exception, SystemExit) as error:
        _log.debug("plugin_traceback", exc_info=error)
        raise PluginFault(explain(error)) from error


def describe_error(error: BaseException, package: str = "") -> str:
    """Return type, message and place of an error in one line; the place is the last one inside ``package``."""
    if isinstance(error, SystemExit):
        return f"sys.exit({_text(error)})" + _place(error, package)
    return ": ".join(filter(None, (type(error).__name__, _text(error)))) + _place(error, package)


def explain_import(error: BaseException, module: str, *, distribution: str = "", requires: Sequence[str] = ()) -> str:
    """Return one sentence on why ``module`` cannot be imported, in one of three kinds.

    The module itself is missing; something that it needs is not installed; or its own code failed.
    """
    package = module.partition(".")[0]
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing and f"{module}.".startswith(f"{missing}."):
        again = f"pip install --force-reinstall {distribution or package}"
        return f"The module {module} does not exist (no module named {missing!r}); run `{again}`."
    if missing and missing.partition(".")[0] != package:
        way_out = _way_to(missing, distribution, requires)
        return f"{module} needs the module {missing!r}, which is not installed; {way_out}."
    return (
        f"Importing {module} failed with {describe_error(error, package)}; "
        f"run `python -c 'import {module}'` to see all of it."
    )


def _way_to(missing: str, distribution: str, requires: Sequence[str]) -> str:
    requirement = _requirement_for(missing.partition(".")[0], requires)
    if requirement is None:
        return f"install what provides it, then run `python -c 'import {missing}'` to check"
    extra = _EXTRA.search(str(requirement.marker or ""))
    wanted = f"{distribution}[{extra[1]}]" if extra else f"{requirement.name}{requirement.specifier}"
    return f"run `pip install --upgrade '{wanted}'`"


def _requirement_for(package: str, requires: Sequence[str]) -> Requirement | None:
    for line in requires:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if canonicalize_name(requirement.name) == canonicalize_name(package):
            return requirement
    return None


def _text(error: BaseException) -> str:
    if isinstance(error, ValidationError):
        return _validation_text(error)
    try:
        return " ".join(str(error).split())[:TEXT_LIMIT]
    except Exception:  # noqa: BLE001 - an exception's own __str__ may raise as well
        return "no message"


def _validation_text(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return f"{error.title} " + ", ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in problems)


def _place(error: BaseException, package: str) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<")]
    inside = [frame for frame in frames if package and package in (*PurePath(frame.filename).parts[:-1], _stem(frame))]
    if not inside:
        return ""
    return f" ({'/'.join(PurePath(inside[-1].filename).parts[-2:])}:{inside[-1].lineno})"


def _stem(frame: traceback.FrameSummary) -> str:
    return PurePath(frame.filename).stem
