"""pluggy's part of loading: plugin managers, hook names and what a plugin's declarations return."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Sequence
from typing import Any, Final, TypeVar

import pluggy

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


def register_plugin(hooks: pluggy.PluginManager, plugin: object, name: str) -> None:
    """Register a plugin and check the names of its hooks.

    Raises:
        PluginFault: a hook is misspelt or takes unknown arguments, or there is none at all.
    """
    run_isolated(
        lambda: hooks.register(plugin, name),
        lambda error: f"The plugin {name} cannot be registered: {describe_error(error)}; correct its hooks and load it again.",
    )
    callers = hooks.get_hookcallers(plugin) or []
    if not callers:
        raise PluginFault(f"The plugin {name} has no hook: mark its functions with @hookimpl and load it again.")
    try:
        hooks.check_pending()
    except pluggy.PluginValidationError:
        unknown = next(caller.name for caller in callers if not caller.has_spec())
        raise PluginFault(
            f"The plugin {name} implements the unknown hook {unknown!r}; {_suggestion(unknown)}, then load it again."
        ) from None


def declared(hooks: pluggy.PluginManager, hook: str, kind: type[T], name: str) -> tuple[T, ...]:
    """Call a declaration hook and return what its lists hold, all together.

    Raises:
        PluginFault: the hook raised, or returned something else than a list of ``kind``.
    """
    answers = run_isolated(
        getattr(hooks.hook, hook),
        lambda error: f"The plugin {name} failed in {hook}(): {describe_error(error)}; correct it and load it again.",
    )
    return tuple(item for answer in answers for item in _checked(answer, hook, kind, name))


def _checked(answer: Any, hook: str, kind: type[T], name: str) -> Sequence[T]:
    if inspect.iscoroutine(answer):
        answer.close()  # it would otherwise warn that it was never awaited
        raise PluginFault(f"The plugin {name} has an async {hook}(); make it a plain `def {hook}()`.")
    expected = f"{hook}() must return a list of {kind.__name__}"
    if not isinstance(answer, list | tuple):
        raise PluginFault(f"The plugin {name} is wrong: {expected}, not {type(answer).__name__}.")
    strange = [type(item).__name__ for item in answer if not isinstance(item, kind)]
    if strange:
        raise PluginFault(f"The plugin {name} is wrong: {expected}, but the list holds {strange[0]}.")
    return answer


def _suggestion(unknown: str) -> str:
    near = difflib.get_close_matches(unknown, HOOK_NAMES, n=1, cutoff=0.0)
    return f"the nearest one is {near[0]!r}: rename it"
