import subprocess
import sys

import pydantic_settings  # noqa: F401 - so that a plugin of the tests finds it
import pytest
from workhall.plugins.discovery import discover
from workhall.plugins.loader import LoadedPlugin, load_plugin


def load(site, code="", **options):
    site.add("shout", code, **options)
    (candidate,) = discover()
    return load_plugin(candidate)


def test_good_plugin(site):
    loaded = load(site, site.declaring("shout", "whisper"))
    assert isinstance(loaded, LoadedPlugin)
    assert loaded.queues == ("shout", "whisper")
    assert loaded.load_ms > 0
    assert set(loaded.schema_hashes) == {"shout", "whisper"}


def test_plugin_object_below_a_module(site):
    code = "from workhall import hookimpl\nclass Outer:\n  class Hooks:\n    @hookimpl\n    def job_queued(self): ...\n"
    code += "Outer.hooks = Outer.Hooks()\n"
    loaded = load(site, code, target="workhall_shout:Outer.hooks")
    assert isinstance(loaded, LoadedPlugin)
    assert loaded.processors == ()


BROKEN_CODE = {
    "raises on import": ("raise RuntimeError('no GPU')", "RuntimeError: no GPU (workhall_shout/__init__.py:1)"),
    "raises something without a text": ("raise ValueError", "failed with ValueError"),
    "raises something that cannot be shown": (
        "class Rude(Exception):\n  def __str__(self): raise KeyError\nraise Rude",
        "Rude: no message",
    ),
    "calls sys.exit": ("import sys; sys.exit(3)", "failed with sys.exit(3)"),
    "is no Python": ("def (", "SyntaxError"),
    "misses its own module": ("from . import schema", "ImportError"),
    "misses its own submodule": ("import workhall_shout.schema", "No module named 'workhall_shout.schema'"),
    "has no hook": ("def processors(): return []", "@hookimpl"),
    "misspells a hook": (
        "from workhall import hookimpl\n@hookimpl\ndef procesors(): return []",
        "unknown hook 'procesors' (the nearest one is 'processors')",
    ),
    "takes unknown arguments": (
        "from workhall import hookimpl\n@hookimpl\ndef processors(app): return []",
        "processors(app) Argument(s) {'app'} are declared in the hookimpl but can not be found in the hookspec",
    ),
    "raises in the hook": (
        "from workhall import hookimpl\n@hookimpl\ndef processors(): raise LookupError('x')",
        "failed in processors(): LookupError: x",
    ),
    "exits in the hook": (
        "from workhall import hookimpl\n@hookimpl\ndef processors(): raise SystemExit('bye')",
        "failed in processors(): sys.exit(bye)",
    ),
    "has an async hook": (
        "from workhall import hookimpl\n@hookimpl\nasync def processors(): return []",
        "processors() must be a plain `def`, not async",
    ),
    "returns no list": (
        "from workhall import hookimpl\n@hookimpl\ndef processors(): return 'shout'",
        "processors() must return a list of Processor, not str",
    ),
    "returns a list of something else": (
        "from workhall import hookimpl\n@hookimpl\ndef processors(): return [{'queue': 'shout'}]",
        "processors() must return a list of Processor, but the list holds dict",
    ),
    "has a payload without a schema": (
        "from pydantic import BaseModel\nfrom workhall import Processor, hookimpl\n"
        "from typing import Callable\nclass Odd(BaseModel):\n  call: Callable[[], int]\n"
        "@hookimpl\ndef processors(): return [Processor(queue='shout', payload=Odd, handler='a:b')]",
        "payload model Odd without a JSON Schema",
    ),
    "takes an event of the host": (
        "from workhall import EventSpec, WireModel, hookimpl\n"
        "@hookimpl\ndef socket_events(): return [EventSpec('job:progress', WireModel)]",
        "it declares the event job:progress, which is the host's own",
    ),
    "has an event without a model": (
        "from workhall import EventSpec, hookimpl\n@hookimpl\ndef socket_events(): return [EventSpec('a:b', dict)]",
        "its event a:b has a payload that is no WireModel class",
    ),
    "names an event like one of Socket.IO's": (
        "from workhall import EventSpec, WireModel, hookimpl\n"
        "@hookimpl\ndef socket_events(): return [EventSpec('disconnect', WireModel)]",
        "its event 'disconnect' is not named like brand:updated",
    ),
    "declares what cannot be checked": (
        "from workhall import EventSpec, WireModel, hookimpl\n"
        "@hookimpl\ndef socket_events(): return [EventSpec(None, WireModel)]",
        "declares nonsense: TypeError",
    ),
    "misspells one hook beside an optional one": (
        "from workhall import hookimpl\n@hookimpl(optionalhook=True)\ndef another(): ...\n"
        "@hookimpl\ndef job_complete(event): ...",
        "unknown hook 'job_complete' (the nearest one is 'job_completed')",
    ),
    "declares an event twice": (
        "from workhall import EventSpec, WireModel, hookimpl\n"
        "@hookimpl\ndef socket_events(): return [EventSpec('a:b', WireModel)] * 2",
        "it declares the event a:b twice",
    ),
}

BROKEN_PROCESSORS = {
    "builds a wrong processor": (
        ("Not A Queue",),
        {},
        "failed in processors(): ValidationError: Processor queue: String should match pattern",
    ),
    "names a queue twice": (("shout", "shout"), {}, "it declares the queue shout twice"),
    "counts units by an unknown payload field": (
        ("shout",),
        {"credit_units": "'logos'"},
        "queue shout gives credit_units='logos', which is no field of its payload model Payload",
    ),
    "settles units without a result": (
        ("shout",),
        {"settle_units": "'made'"},
        "queue shout gives settle_units='made' but has no result model",
    ),
    "settles units by an unknown result field": (
        ("shout",),
        {"settle_units": "'made'", "result": "Payload"},
        "settle_units='made', which is no field of its result model Payload",
    ),
    "is for an endpoint that is not there": (
        ("shout",),
        {"dispatch": "'endpoint'"},
        'queue shout gives dispatch="endpoint" but no endpoint',
    ),
    "declares an endpoint twice": (
        ("a", "b"),
        {"endpoint": "Endpoint(path='/v1/shout')"},
        "it declares the endpoint /v1/shout twice",
    ),
    "has a cron payload that does not fit": (
        ("shout",),
        {"cron": "(('0 * * * *', {'count': 'many'}),)"},
        "cron payload for '0 * * * *' that does not fit (count: ",
    ),
    "has settings that read the environment": (("shout",), {"settings": "BaseSettings"}, "derive them from BaseModel"),
}


@pytest.mark.parametrize("case", BROKEN_CODE)
def test_broken_code_ends_as_one_sentence(site, case):
    code, words = BROKEN_CODE[case]
    assert_broken(load(site, code), words)


@pytest.mark.parametrize("case", BROKEN_PROCESSORS)
def test_broken_processors_end_as_one_sentence(site, case):
    queues, options, words = BROKEN_PROCESSORS[case]
    imports = "from workhall import Endpoint\nfrom pydantic_settings import BaseSettings\n"
    assert_broken(load(site, imports + site.declaring(*queues, **options)), words)


def assert_broken(record, words):
    assert record.state == "broken"
    assert words in record.reason
    assert "\n" not in record.reason
    assert record.reason.endswith(("`pip install --upgrade workhall-shout`.", "to see all of it."))
    assert record.processors == record.queues == ()
    assert record.load_ms > 0


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("workhall_gone", "The module workhall_gone does not exist"),
        ("workhall_shout.gone", "The module workhall_shout.gone does not exist"),
        ("workhall_shout:gone", "'workhall_shout:gone' does not exist (AttributeError"),
        ("not a module!", "is neither module nor module:name"),
    ],
)
def test_missing_target(site, target, words):
    record = load(site, site.declaring("shout"), target=target)
    assert record.state == "broken"
    assert words in record.reason
    assert "`pip install --force-reinstall workhall-shout`" in record.reason


@pytest.mark.parametrize(
    ("requires", "command"),
    [
        (["absent-engine>=2 ; extra == 'gpu'"], "`pip install --upgrade 'workhall-shout[gpu]'`"),
        (["Absent_Engine>=2"], "`pip install --upgrade 'Absent_Engine>=2'`"),
        (["not a requirement !!"], "install what provides it"),
        ([], "install what provides it"),
    ],
)
def test_missing_dependency_names_the_way_to_it(site, requires, command):
    record = load(site, "import absent_engine.core", requires=requires)
    assert record.state == "broken"
    assert "needs the module 'absent_engine', which is not installed" in record.reason
    assert command in record.reason


def test_the_three_kinds_of_import_failure_read_differently(site):
    site.add("gone", "", target="workhall_nowhere")
    site.add("needy", "import absent_engine")
    site.add("own", "1 / 0")
    reasons = [load_plugin(candidate).reason for candidate in discover()]
    assert [("does not exist" in one, "not installed" in one, "failed with" in one) for one in reasons] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]


def test_the_operators_interrupt_passes(site):
    site.add("shout", "raise KeyboardInterrupt")
    (candidate,) = discover()
    with pytest.raises(KeyboardInterrupt):
        load_plugin(candidate)


def test_the_command_in_the_sentence_shows_the_failure(site):
    record = load(site, "raise RuntimeError('no GPU')")
    command = record.reason.partition("`")[2].partition("`")[0]
    code = command.removeprefix("python -c '").removesuffix("'")
    done = subprocess.run([sys.executable, "-c", code], cwd=site.root, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "RuntimeError: no GPU" in done.stderr
