"""Parsing, exit codes and sentences, without a running system."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import uuid

import jwt
import pytest
import structlog
import typer
from workhall.cli import main
from workhall.cli.app import FAMILIES, build_app
from workhall.cli.jobs import _payload
from workhall.settings import load_settings


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith(("WORKHALL", "REDIS", "DATABASE", "PUBLIC", "SUPABASE")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _logging_as_before():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.fixture
def command(monkeypatch, capsys):
    """Run a command in this process; returns its exit code, stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["workhall", *arguments])
        with pytest.raises(SystemExit) as ended:
            main.run()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("up", "--port", "70000"),
        ("up", "--api", "0"),
        ("up", "--workers", "-1"),
        ("worker", "--health-port", "x"),
        ("token",),
        ("token", "--user", "not-a-uuid"),
        ("token", "--user", str(uuid.uuid4()), "--role", "king"),
        ("token", "--user", str(uuid.uuid4()), "--ttl", "0"),
        ("jobs", "submit", "shout"),
        ("jobs", "submit", "shout", "{"),
        ("jobs", "submit", "shout", "[1]"),
        ("jobs", "submit", "shout", "@nowhere.json"),
        ("jobs", "list", "--limit", "0"),
        ("jobs", "show"),
        ("jobs", "cancel"),
        ("jobs", "retry"),
        ("dead-letters",),
        ("dead-letters", "show"),
        ("dead-letters", "list", "--limit", "201"),
        ("dead-letters", "replay"),
        ("dead-letters", "replay", "shout-1", "--queue", "shout"),
        ("dead-letters", "purge"),
        ("dead-letters", "purge", "shout-1", "--all"),
        ("dead-letters", "purge", "--queue", "shout", "--all"),
        ("plugins", "nonsense"),
        ("db",),
    ],
)
def test_wrong_usage_exits_2_without_a_traceback(command, arguments):
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    assert "Usage" in err
    assert "Traceback" not in err


def test_a_mistyped_command_is_met_with_a_suggestion(command):
    assert "Did you mean 'worker'" in command("workr")[2]


@pytest.mark.parametrize(
    "arguments",
    [
        ("jobs", "list"),
        ("jobs", "show", "shout-1"),
        ("jobs", "submit", "shout", "{}"),
        ("jobs", "cancel", "shout-1"),
        ("jobs", "retry", "shout-1"),
        ("dead-letters", "list"),
        ("dead-letters", "replay", "--queue", "shout"),
        ("dead-letters", "purge", "--all"),
    ],
)
def test_no_running_host_is_one_sentence_with_the_way_out(command, tmp_path, arguments):
    code, out, err = command(*arguments, "--data", str(tmp_path / "empty"))
    assert (code, out) == (1, "")
    assert err == (
        f"No Workhall is running on {tmp_path / 'empty'}; start one with `workhall up`, name its folder with --data, "
        "or set PUBLIC_URL.\n"
    )


def test_a_host_that_does_not_answer_is_one_sentence(command, monkeypatch):
    monkeypatch.setenv("PUBLIC_URL", "http://127.0.0.1:1")
    code, _, err = command("jobs", "list")
    assert code == 1
    assert err.startswith("Workhall does not answer at http://127.0.0.1:1 (")
    assert err.count("\n") == 1


def test_a_wrong_setting_is_one_sentence(command, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "mysql://x")
    code, _, err = command("db", "upgrade")
    assert code == 1
    assert err == "The setting DATABASE_URL is wrong: must start with postgresql:// or sqlite:///.\n"


def test_a_data_folder_that_cannot_be_made_is_one_sentence(command, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = command("token", "--user", str(uuid.uuid4()), "--data", str(tmp_path / "file" / "data"))
    assert code == 1
    assert err.startswith("The data folder cannot be used")
    assert err.count("\n") == 1


def test_a_worker_without_redis_says_what_to_set(command, tmp_path):
    code, _, err = command("worker", "--data", str(tmp_path / "empty"))
    assert code == 1
    assert err == f"Set REDIS_URL: no Workhall runs on {tmp_path / 'empty'} whose server could be shared.\n"


def test_an_unexpected_error_is_one_sentence_too(monkeypatch, capsys):
    def broken(_group: typer.Typer) -> None:
        raise KeyError("two\nlines")

    monkeypatch.setattr("workhall.cli.app.build_app", lambda: build_app((broken,)))
    with pytest.raises(SystemExit) as ended:
        main.run()
    assert ended.value.code == 1
    err = capsys.readouterr().err
    assert err.startswith("Unexpected error (KeyError:")
    assert err.count("\n") == 1


def test_token_is_signed_with_the_folders_secret(command, tmp_path):
    user = str(uuid.uuid4())
    code, out, _ = command("token", "--user", user, "--role", "viewer", "--ttl", "60", "--data", str(tmp_path))
    assert code == 0
    secret = load_settings(tmp_path).secret_key.get_secret_value()
    claims = jwt.decode(out.strip(), secret, algorithms=["HS256"], audience="authenticated")
    assert (claims["sub"], claims["exp"] - claims["iat"]) == (user, 60)
    assert claims["app_metadata"] == {"role": "viewer"}


def test_a_service_token_needs_no_user(command, tmp_path):
    assert command("token", "--role", "service", "--data", str(tmp_path))[0] == 0


@pytest.fixture
def broken_plugin(tmp_path, monkeypatch):
    """An installed plugin that cannot be imported."""
    site = tmp_path / "site"
    info = site / "workhall_shout-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: workhall-shout\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[workhall]\nshout = workhall_shout_that_is_not_there\n")
    monkeypatch.syspath_prepend(site)


def test_plugins_list_as_json_has_the_fields_of_the_contract(command, tmp_path, broken_plugin):
    code, out, _ = command("plugins", "list", "--json", "--data", str(tmp_path))
    assert code == 0
    plugin = next(plugin for plugin in json.loads(out) if plugin["name"] == "shout")
    assert plugin.keys() == {"name", "version", "queues", "state", "reason", "settings"}
    assert (plugin["version"], plugin["state"]) == ("1.2", "broken")


def test_plugins_list_as_a_table(command, tmp_path, broken_plugin):
    code, out, _ = command("plugins", "list", "--data", str(tmp_path))
    assert code == 0
    assert next(line for line in out.splitlines() if line.startswith("shout")).split()[1:3] == ["1.2", "broken"]


def test_db_upgrade_makes_the_database(command, tmp_path):
    code, out, _ = command("db", "upgrade", "--data", str(tmp_path / "data"))
    assert (code, out) == (0, "The database is up to date.\n")
    assert (tmp_path / "data" / "workhall.db").is_file()


def test_a_payload_comes_from_the_line_a_file_or_standard_input(tmp_path, monkeypatch):
    assert _payload('{"a": 1}') == {"a": 1}
    (tmp_path / "payload.json").write_text('{"b": "ü"}')
    assert _payload(f"@{tmp_path / 'payload.json'}") == {"b": "ü"}
    with (tmp_path / "payload.json").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert _payload("-") == {"b": "ü"}


def test_a_family_can_be_added_as_a_plugin_does(monkeypatch, capsys):
    def add_to(group: typer.Typer) -> None:
        group.command(name="sing")(lambda: typer.echo("la"))

    monkeypatch.setattr(sys, "argv", ["workhall", "sing"])
    with pytest.raises(SystemExit) as ended:
        build_app((*FAMILIES, add_to))()
    assert not ended.value.code
    assert capsys.readouterr().out == "la\n"


def test_python_m_workhall_is_the_command_and_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['workhall', '--help']\n"
        "from workhall.cli.main import run\n"
        "try: run()\n"
        "except SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'litestar', 'redis', 'saq', 'httpx', 'socketio', 'uvicorn', 'rich'}\n"
        "print(sorted(heavy & sys.modules.keys()), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: workhall")
    assert done.stderr == "[]\n"
