"""The documents name every hook, setting, route and event; their examples run."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from pydantic import AliasChoices
from workhall import CATALOGUE
from workhall.sdk.hooks import HookSpecs
from workhall.settings import Settings

ROOT = Path(__file__).parents[2]
PLUGINS = (ROOT / "docs/plugins.md").read_text()
OPERATORS = (ROOT / "docs/operators.md").read_text()
FRONT_END = (ROOT / "docs/front-end.md").read_text()
README = (ROOT / "README.md").read_text()


def setting_names() -> list[str]:
    names = []
    for field in Settings.model_fields.values():
        alias = field.validation_alias
        names.append(str(alias.choices[0]) if isinstance(alias, AliasChoices) else str(alias))
    return names


@pytest.mark.parametrize("hook", [name for name in vars(HookSpecs) if not name.startswith("_")])
def test_every_hook_is_documented(hook: str) -> None:
    assert f"`{hook}`" in PLUGINS


@pytest.mark.parametrize("setting", setting_names())
def test_every_setting_is_documented(setting: str) -> None:
    assert f"`{setting}`" in OPERATORS


@pytest.mark.parametrize("event", sorted(CATALOGUE))
def test_every_event_is_documented(event: str) -> None:
    assert f"`{event}`" in FRONT_END


@pytest.mark.parametrize("event", sorted(CATALOGUE))
def test_every_field_of_an_event_is_documented(event: str) -> None:
    carried = {"job_id", "brand_id", "queue_name", "attempt", "seq", "timestamp"}
    (row,) = [line for line in FRONT_END.splitlines() if line.startswith(f"| `{event}` |")]
    for name, field in CATALOGUE[event].payload.model_fields.items():
        if name not in carried:
            assert (field.alias or name) in row, name


def test_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_readme_s_plugin_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```python\n(# workhall_shout/__init__.py.*?)```", README, re.DOTALL)
    declaration, _, handler = example.partition("# workhall_shout/handler.py\n")
    namespace: dict[str, object] = {"__name__": "workhall_shout"}
    exec(compile(textwrap.dedent(declaration), "workhall_shout/__init__.py", "exec"), namespace)
    (processor,) = namespace["processors"]()  # type: ignore[operator]
    assert processor.queue == "shout"
    assert processor.payload.model_validate({"text": "hi"}).text == "hi"
    exec(compile(handler, "workhall_shout/handler.py", "exec"), namespace)
    assert processor.handler == "workhall_shout.handler:shout"
    assert "shout" in namespace
