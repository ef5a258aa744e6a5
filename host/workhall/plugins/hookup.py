"""pluggy's part of loading: plugin managers, hook names and what a plugin's declarations return."""

from __future__ import annotations

import difflib
import inspect
from typing import Any, Final, TypeVar

import pluggy

from workhall.plugins.discovery import Candidate
from workhall.plugins.faults import PluginFault, describe_error, run_isolated
from workhall.sdk.hooks import HookSpecs

__all__ = ["declared", "new_hooks", "register_plugin"]

T = TypeVar("T")
HOOK_NAMES: Final = tuple(name for name in vars(HookSpecs) if not name.startswith("_"))


def new_hooks() -> pluggy.PluginManager:
    """Return a plugin manager that knows the host's hooks and has no plugin yet."""
    hooks = pluggy.PluginManager("workhall")
    hooks.add_hookspecs(HookSpecs)
    return hooks


def register_plugin(hooks: pluggy.PluginManager, plugin: object, candidate: Candidate) -> None:
    """Register a plugin and check the names of its hooks.

    Raises:
        PluginFault: a hook is misspelt or takes unknown arguments, or there is none at all.
    """
    name = candidate.name
    other = hooks.get_name(plugin)
    if other is not None:
        raise PluginFault(f"The plugin {name} names the same module as the plugin {other}; {candidate.mending}.")
    run_isolated(
        lambda: hooks.register(plugin, name),
        lambda error: f"The plugin {name} cannot be registered: {describe_error(error)}; {candidate.mending}.",
    )
    callers = hooks.get_hookcallers(plugin) or []
    if not callers:
        raise PluginFault(f"The plugin {name} has no hook (a function marked with @hookimpl); {candidate.mending}.")
    try:
        hooks.check_pending()
    except pluggy.PluginValidationError:
        unknown = next(caller.name for caller in callers if _is_pending(caller))
        hint = f"the nearest one is {_nearest(unknown)!r}"
        raise PluginFault(
            f"The plugin {name} implements the unknown hook {unknown!r} ({hint}); {candidate.mending}."
        ) from None


def declared(hooks: pluggy.PluginManager, hook: str, kind: type[T], candidate: Candidate) -> tuple[T, ...]:
    """Call a declaration hook and return what its lists hold, all together.

    Raises:
        PluginFault: the hook raised, or returned something else than a list of ``kind``.
    """
    answers = run_isolated(
        getattr(hooks.hook, hook),
        lambda error: f"The plugin {candidate.name} failed in {hook}(): {describe_error(error)}; {candidate.mending}.",
    )
    for problem in filter(None, (_problem(answer, hook, kind) for answer in answers)):
        raise PluginFault(f"The plugin {candidate.name} is wrong: {problem}; {candidate.mending}.")
    return tuple(item for answer in answers for item in answer)


def _problem(answer: Any, hook: str, kind: type[Any]) -> str:
    if inspect.iscoroutine(answer):
        answer.close()  # it would otherwise warn that it was never awaited
        return f"{hook}() must be a plain `def`, not async"
    if not isinstance(answer, list | tuple):
        return f"{hook}() must return a list of {kind.__name__}, not {type(answer).__name__}"
    strange = [type(item).__name__ for item in answer if not isinstance(item, kind)]
    return f"{hook}() must return a list of {kind.__name__}, but the list holds {strange[0]}" if strange else ""


def _is_pending(caller: pluggy.HookCaller) -> bool:
    return not caller.has_spec() and any(not implementation.optionalhook for implementation in caller.get_hookimpls())


def _nearest(unknown: str) -> str:
    return difflib.get_close_matches(unknown, HOOK_NAMES, n=1, cutoff=0.0)[0]
