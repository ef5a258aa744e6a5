import hashlib
import json
import sys

import pytest
from workhall import CATALOGUE
from workhall.plugins import UnknownQueueError

from tests.unit.plugins.registries import EVENTS, load, reasons, states


def test_empty_environment(site):
    registry = load()
    assert (registry.records, dict(registry.processors), dict(registry.events)) == ((), {}, CATALOGUE)


def test_good_plugin(site):
    package = site.add("shout", site.declaring("shout", "whisper"), version="1.2")
    registry = load()

    (record,) = registry.records
    assert (record.name, record.version, record.state, record.reason) == ("shout", "1.2", "active", "")
    assert (record.queues, record.module, record.origin) == (("shout", "whisper"), package, "index")
    assert record.load_ms > 0
    assert record.is_serving
    assert record.to_json() == {
        "name": "shout",
        "version": "1.2",
        "queues": ["shout", "whisper"],
        "state": "active",
        "reason": "",
        "settings": {},
    }
    registered = registry.queue("whisper")
    assert (registered.plugin, registered.version, registered.processor.queue) == ("shout", "1.2", "whisper")
    canonical = json.dumps(registered.processor.payload.model_json_schema(), sort_keys=True, separators=(",", ":"))
    assert registered.schema_hash == hashlib.sha256(canonical.encode()).hexdigest()[:16]


def test_every_kind_of_fault_at_once_and_the_good_ones_serve(site):
    site.write("workhall-0.1.0.dist-info/METADATA", "Metadata-Version: 2.3\nName: workhall\nVersion: 0.1.0\n")
    site.add("good", site.declaring("good"), requires=["workhall>=0.1,<0.2"])
    site.add("exits", "import sys; sys.exit(1)")
    site.add("raises", "raise RuntimeError('boom')")
    site.add("misspelt", "from workhall import hookimpl\n@hookimpl\ndef processor(): return []")
    site.add("twice", site.declaring("same", "same"))
    site.add("wrong", "from workhall import hookimpl\n@hookimpl\ndef processors(): return 7")
    site.add("future", "raise AssertionError('imported')", requires=["workhall>=2"])
    site.add("snake", "raise AssertionError('imported')", requires_python=">=4")
    site.add("dup", "raise AssertionError('imported')", distribution="dup-one")
    site.add("dup", "raise AssertionError('imported')", distribution="dup-two")
    site.add("gone", target="workhall_nowhere")
    site.add("needy", "import absent_engine", requires=["absent-engine; extra == 'x'"])
    site.add("queue", site.declaring("queue"))
    site.add("left", site.declaring("contested", "left"))
    site.add("right", site.declaring("contested"))
    site.add("last", site.declaring("last"))

    registry = load()

    assert states(registry) == {
        "good": "active",
        "last": "active",
        "exits": "broken",
        "raises": "broken",
        "misspelt": "broken",
        "twice": "broken",
        "wrong": "broken",
        "future": "incompatible",
        "snake": "incompatible",
        "dup": "broken",
        "gone": "broken",
        "needy": "broken",
        "queue": "broken",
        "left": "broken",
        "right": "broken",
    }
    assert list(registry.processors) == ["good", "last"]
    assert [name for name, _ in registry.hooks.list_name_plugin()] == ["last", "good"]
    assert [record.name for record in registry.records] == sorted(record.name for record in registry.records)
    for record in registry.records:
        if not record.is_serving:
            assert record.reason.endswith(".")
            assert record.processors == ()
    registry.hooks.check_pending()
    assert len(registry.hooks.hook.processors()) == 2


def test_one_name_from_two_distributions_loads_neither(site):
    one = site.add("dup", site.declaring("one"), distribution="dup-one")
    two = site.add("dup", site.declaring("two"), distribution="dup-two")
    registry = load()
    assert [(record.distribution, record.state) for record in registry.records] == [
        ("dup-one", "broken"),
        ("dup-two", "broken"),
    ]
    assert "declared twice, by dup-one 1.0 and dup-two 1.0" in registry.records[0].reason
    assert not {one, two} & set(sys.modules)


def test_two_plugins_with_one_queue_name_each_other(site):
    site.add("left", site.declaring("contested", "left"))
    site.add("right", site.declaring("contested"), version="2.0")
    registry = load()
    assert states(registry) == {"left": "broken", "right": "broken"}
    assert "the queue contested, and so does right (workhall-right 2.0)" in reasons(registry)["left"]
    assert "`pip uninstall workhall-right`" in reasons(registry)["left"]
    assert "and so does left (workhall-left 1.0)" in reasons(registry)["right"]
    with pytest.raises(UnknownQueueError, match="and so does right") as caught:
        registry.queue("left")
    assert caught.value.reason == reasons(registry)["left"]


def test_taking_one_off_the_allow_list_settles_a_clash_and_a_duplicate(site):
    site.add("left", site.declaring("contested"))
    site.add("right", site.declaring("contested"))
    site.add("dup", site.declaring("one"), distribution="dup-one")
    site.add("dup", site.declaring("two"), distribution="dup-two")
    registry = load(allow="left,dup-two")
    assert list(registry.processors) == ["contested", "two"]
    assert registry.queue("contested").plugin == "left"


def test_two_plugins_with_one_endpoint(site):
    code = "from workhall import Endpoint\n" + site.declaring("{}", endpoint="Endpoint(path='/v1/sing')")
    site.add("left", code.format("left"))
    site.add("right", code.format("right"))
    registry = load()
    assert "endpoint /v1/sing" in reasons(registry)["left"]
    assert dict(registry.processors) == {}


def test_one_object_as_two_plugins(site):
    package = site.add("one", "from workhall import hookimpl\n@hookimpl\ndef job_queued(): ...")
    site.add("two", target=package)
    registry = load()
    assert states(registry) == {"one": "broken", "two": "active"}
    assert "names the same module as the plugin two" in reasons(registry)["one"]


def test_safe_mode_imports_nothing(site):
    package = site.add("shout", site.declaring("shout"))
    registry = load(allow="")
    assert states(registry) == {"shout": "disabled"}
    assert "safe mode" in reasons(registry)["shout"]
    assert package not in sys.modules


def test_allow_list(site):
    site.add("shout", site.declaring("shout"))
    package = site.add("whisper", site.declaring("whisper"))
    registry = load(allow="shout,gone")
    assert states(registry) == {"shout": "active", "whisper": "disabled"}
    assert package not in sys.modules
    assert [problem for problem in registry.problems if "names gone, which is not installed" in problem]


def test_editable_in_production(site):
    package = site.add(
        "shout", site.declaring("shout"), direct_url={"url": "file:///src", "dir_info": {"editable": True}}
    )
    assert states(load(production=True)) == {"shout": "blocked"}
    assert package not in sys.modules
    assert states(load(production=False)) == {"shout": "active"}


def test_events_join_the_catalogue(site):
    site.add("sing", EVENTS.format(name="song:sung"))
    registry = load()
    assert registry.events["song:sung"].emit
    assert set(registry.events) == {*CATALOGUE, "song:sung"}
    assert "song:sung" not in CATALOGUE


def test_events_of_the_host_and_of_others_break_a_plugin(site):
    site.add("host", EVENTS.format(name="job:complete"))
    site.add("left", EVENTS.format(name="song:sung"))
    site.add("right", EVENTS.format(name="song:sung"))
    registry = load()
    assert set(states(registry).values()) == {"broken"}
    assert dict(registry.events) == CATALOGUE
    assert "event song:sung, and so does right" in reasons(registry)["left"]
