import logging

import pytest
from workhall.plugins import OverrideError, UnknownQueueError

from tests.unit.plugins.registries import SETTINGS, load, reasons, states


def test_the_operators_figures_win(site):
    site.add("shout", site.declaring("shout", concurrency="2"))
    registry = load({"WORKHALL_QUEUE__SHOUT__CONCURRENCY": "8", "WORKHALL_QUEUE__GONE__CONCURRENCY": "1"})
    assert registry.queue("shout").processor.concurrency == 8
    assert registry.records[0].processors[0].concurrency == 8
    assert [problem.split()[0] for problem in registry.problems] == ["WORKHALL_QUEUE__GONE__CONCURRENCY"]


def test_bad_figures_of_the_operator_are_refused(site):
    site.add("shout", site.declaring("shout"))
    with pytest.raises(OverrideError, match="WORKHALL_QUEUE__SHOUT__TIMEOUT='soon'"):
        load({"WORKHALL_QUEUE__SHOUT__TIMEOUT": "soon"})


def test_settings_are_shown_masked(site):
    site.add("shout", SETTINGS + site.declaring("shout", settings="Settings"))
    registry = load({"BFL_API_KEY": "hunter2"})
    assert registry.records[0].to_json()["settings"] == {"api_key": "••••", "model": "flux"}
    assert "hunter2" not in repr(registry.records)


def test_missing_settings_degrade(site):
    site.add("shout", SETTINGS + site.declaring("shout", "whisper", settings="Settings"))
    registry = load()
    assert states(registry) == {"shout": "degraded"}
    assert reasons(registry)["shout"].count("BFL_API_KEY") == 1
    assert registry.queue("shout").plugin == "shout"


def test_misspelt_settings_degrade(site):
    site.add("shout", site.declaring("shout"))
    registry = load({"WORKHALL_SHOUT__MODLE": "x", "WORKHALL_SHUOT__MODEL": "x"})
    assert states(registry) == {"shout": "degraded"}
    assert "WORKHALL_SHOUT__MODLE is no setting of the plugin shout" in reasons(registry)["shout"]
    assert registry.problems == (
        "WORKHALL_SHUOT__MODEL belongs to no plugin that is installed; correct its name or remove it.",
    )


def test_settings_that_cannot_be_shown_degrade(site):
    code = "class Odd:\n  def __str__(self): raise RuntimeError('shy')\n"
    code += (
        "from pydantic import BaseModel\nclass Settings(BaseModel, arbitrary_types_allowed=True):\n  odd: Odd = Odd()\n"
    )
    site.add("shout", code + site.declaring("shout", settings="Settings"))
    assert states(load()) == {"shout": "degraded"}


def test_unknown_queue_names_those_there_are(site):
    site.add("shout", site.declaring("shout"))
    with pytest.raises(UnknownQueueError, match="There is no queue sing; the queues are: shout") as caught:
        load().queue("sing")
    assert (caught.value.available, caught.value.reason) == (("shout",), "")


def test_a_registry_cannot_be_changed_and_two_are_apart(site):
    site.add("shout", site.declaring("shout"))
    site.add("whisper", site.declaring("whisper"))
    all_of_them, one = load(), load(allow="shout")
    assert list(all_of_them.processors) == ["shout", "whisper"]
    assert list(one.processors) == ["shout"]
    assert all_of_them.hooks is not one.hooks
    with pytest.raises(TypeError):
        all_of_them.processors["x"] = None
    with pytest.raises(TypeError):
        all_of_them.events["x"] = None
    with pytest.raises(AttributeError):
        all_of_them.records = ()


def test_hooks_are_called_in_order_of_names(site):
    code = "from workhall import hookimpl\n@hookimpl\ndef email_templates(): return {{'{0}': ''}}"
    for name in ("b", "c", "a"):
        site.add(name, code.format(name))
    assert [list(one) for one in load().hooks.hook.email_templates()] == [["a"], ["b"], ["c"]]


def test_one_line_per_plugin(site, caplog):
    site.add("good", site.declaring("good"), version="1.2")
    site.add("bad", "raise RuntimeError('boom')")
    site.add("off", site.declaring("off"))
    with caplog.at_level(logging.INFO, logger="workhall.plugins"):
        load(allow="good,bad")
    lines = {record.plugin: record for record in caplog.records}
    assert len(caplog.records) == 3
    assert {name: (line.message, line.levelname) for name, line in lines.items()} == {
        "good": ("plugin_loaded", "INFO"),
        "bad": ("plugin_failed", "ERROR"),
        "off": ("plugin_skipped", "INFO"),
    }
    assert (lines["good"].version, lines["good"].ms > 0) == ("1.2", True)
    assert "boom" in lines["bad"].reason
    assert all(line.exc_info is None for line in caplog.records)
