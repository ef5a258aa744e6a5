"""A plugin's own settings: from ``WORKHALL_<PLUGIN>__<FIELD>`` or a field's well-known name such as BFL_API_KEY.

A well-known name is a field's ``validation_alias``. The plugin's own variable wins over it; an empty variable counts as
not set, because compose files pass variables on that way. Lists, mappings and nested models are written as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic.fields import FieldInfo

from workhall.plugins.discovery import plugin_key
from workhall.plugins.faults import describe_error
from workhall.plugins.fields import field_adapter
from workhall.plugins.masking import is_secret
from workhall.plugins.overrides import QUEUE_PREFIX
from workhall.sdk import Processor

__all__ = ["PluginSettingsError", "build_settings", "settings_prefix", "unknown_settings", "unowned_settings"]

ModelT = TypeVar("ModelT", bound=BaseModel)
_JSON_STARTS: Final = ("[", "{")


class PluginSettingsError(Exception):
    """A plugin's settings are missing or wrong; ``sentences`` has one for each, naming the variable."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = tuple(sentences)


def settings_prefix(plugin: str) -> str:
    """Return how a plugin's variables begin: ``logo-generation`` gives ``WORKHALL_LOGO_GENERATION__``."""
    return f"WORKHALL_{plugin_key(plugin).upper().replace('-', '_')}__"


def build_settings(processor: Processor, plugin: str, environ: Mapping[str, str]) -> BaseModel | None:
    """Return the settings of ``processor``, filled from ``environ`` only; None where it has none.

    Raises:
        PluginSettingsError: settings are missing or do not fit; it has all of them.
    """
    return None if processor.settings is None else _build(processor.settings, plugin, environ)


def unknown_settings(plugin: str, models: Iterable[type[BaseModel]], environ: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable with the plugin's prefix that is no field of any of ``models``."""
    prefix = settings_prefix(plugin)
    known = {prefix + name.upper() for model in models for name in model.model_fields}
    names = ", ".join(sorted(known)) or "none"
    return [
        f"{variable} is no setting of the plugin {plugin}; correct or remove it, the plugin has: {names}."
        for variable in sorted(environ)
        if variable.startswith(prefix) and variable not in known
    ]


def unowned_settings(plugins: Iterable[str], environ: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable ``WORKHALL_…__…`` that belongs neither to ``plugins`` nor to a queue."""
    prefixes = (QUEUE_PREFIX, *map(settings_prefix, plugins))
    return [
        f"{variable} belongs to no plugin that is installed; correct its name or remove it."
        for variable in sorted(environ)
        if variable.startswith("WORKHALL_") and "__" in variable and not variable.startswith(prefixes)
    ]


def _build(model: type[ModelT], plugin: str, environ: Mapping[str, str]) -> ModelT:
    variables = {name: _variables(name, field, plugin) for name, field in model.model_fields.items()}
    used = {name: next(filter(environ.get, names), "") for name, names in variables.items()}
    values = {
        name: _decoded(model.model_fields[name], environ[variable]) for name, variable in used.items() if variable
    }
    try:
        return model.model_validate(values, by_alias=True, by_name=True)
    except ValidationError as error:
        raise PluginSettingsError(list(_sentences(error, model, plugin, variables, used))) from None
    except (Exception, SystemExit) as error:
        message = f"The settings of the plugin {plugin} cannot be built ({describe_error(error)})."
        raise PluginSettingsError([message]) from error


def _variables(name: str, field: FieldInfo, plugin: str) -> tuple[str, ...]:
    return (settings_prefix(plugin) + name.upper(), *_aliases(field))


def _aliases(field: FieldInfo) -> tuple[str, ...]:
    alias = field.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return tuple(choice for choice in choices if isinstance(choice, str))


def _decoded(field: FieldInfo, text: str) -> Any:
    """Return a JSON array or object as what it is, unless the field takes the text itself."""
    if not text.lstrip().startswith(_JSON_STARTS):
        return text
    try:
        field_adapter(field).validate_python(text)
        return text
    except Exception:  # noqa: BLE001 - the field's validators are the plugin's code; the model's own check comes next
        return _parsed(text)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _sentences(
    error: ValidationError,
    model: type[BaseModel],
    plugin: str,
    variables: Mapping[str, tuple[str, ...]],
    used: Mapping[str, str],
) -> Iterator[str]:
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        message = problem["msg"].removeprefix("Value error, ")
        name = _field_name(model, problem["loc"])
        if name is None:
            yield f"The settings of the plugin {plugin} do not fit: {message}."
        elif problem["type"] == "missing" and len(problem["loc"]) == 1:
            yield f"The plugin {plugin} needs the setting {name}; set {' or '.join(reversed(variables[name]))}."
        else:
            detail = "it is not valid" if is_secret(name, model.model_fields[name]) else message
            inner = "".join(f".{part}" for part in problem["loc"][1:])
            yield f"{used[name] or variables[name][0]}{inner} cannot be used by the plugin {plugin}: {detail}."


def _field_name(model: type[BaseModel], location: tuple[int | str, ...]) -> str | None:
    for name, field in model.model_fields.items():
        if location and location[0] in (name, field.alias, *_aliases(field)):
            return name
    return None
