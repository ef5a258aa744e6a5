"""The command line against a running host: what it prints, its exit codes, and never a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import jwt
import pytest

from .people import Caller, logo_request
from .system import Ended, Host, workhall

# What `GET /api/v1/jobs/{jobId}` answers (contract §4).
FIELDS = {
    *("jobId", "queueName", "brandId", "userId", "parentJobId", "replayOf", "status", "stage", "progress", "message"),
    *("result", "error", "attempt", "retriesLeft", "nextAttemptAt", "costUsd", "createdAt", "startedAt", "completedAt"),
}


def good(ended: Ended) -> list[str]:
    """Return the lines of a command that went well, and said nothing on stderr."""
    assert (ended.code, ended.err) == (0, "")
    return ended.lines


@pytest.fixture(scope="module")
def watched(host: Host, user: Caller, brand: str) -> list[str]:
    """What ``jobs submit --watch`` prints of a small job."""
    payload = json.dumps(logo_request(brand, count=1))
    return good(host.command("jobs", "submit", "logo-generation", payload, "--watch", "--user", str(user.user_id)))


def test_submit_and_watch_show_the_way_of_a_job_to_its_result(user: Caller, watched: list[str]) -> None:
    job_id, *progress, result = watched
    assert progress[0].split() == ["0", "%", "Waiting", "for", "a", "worker"]
    assert progress[-1].split() == ["100", "%", "1", "logos", "generated!"]
    job = user.job(job_id)
    assert (job["status"], job["userId"]) == ("complete", user.user_id)
    assert json.loads(result) == job["result"]


def test_show_prints_what_rest_answers(host: Host, user: Caller, watched: list[str]) -> None:
    (line,) = good(host.command("jobs", "show", watched[0], "--json"))
    assert json.loads(line) == user.job(watched[0])
    assert json.loads(line).keys() == FIELDS
    assert ["status", "complete"] in [text.split() for text in good(host.command("jobs", "show", watched[0]))]


def test_watch_prints_every_event_as_json(host: Host, user: Caller, watched: list[str]) -> None:
    lines = [json.loads(line) for line in good(host.command("jobs", "watch", watched[0], "--json"))]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert lines[-1]["event"] == "job:complete"


def test_list_shows_jobs_newest_first(host: Host, user: Caller, watched: list[str]) -> None:
    (line,) = good(host.command("jobs", "list", "--queue", "logo-generation", "--json"))
    jobs = json.loads(line)
    assert watched[0] in [job["jobId"] for job in jobs]
    assert [job["createdAt"] for job in jobs] == sorted((job["createdAt"] for job in jobs), reverse=True)
    table = good(host.command("jobs", "list"))
    assert table[0].split() == ["JOB", "STATUS", "PROGRESS", "CREATED", "MESSAGE"]
    assert any(line.startswith(watched[0]) and "complete" in line for line in table)


def test_a_payload_comes_from_a_file_or_from_standard_input(
    host: Host, user: Caller, brand: str, tmp_path: Path
) -> None:
    text = json.dumps(logo_request(brand, count=1))
    (tmp_path / "payload.json").write_text(text)
    for argument, stdin in ((f"@{tmp_path / 'payload.json'}", ""), ("-", text)):
        command = ("jobs", "submit", "logo-generation", argument, "--user", str(user.user_id), "--json")
        (line,) = good(host.command(*command, stdin=stdin))
        assert json.loads(line).keys() == {"jobId", "generationJobId", "queueName", "message"}
        assert user.ended_job(json.loads(line)["jobId"])["status"] == "complete"


def test_plugins_list_tells_what_is_installed(host: Host) -> None:
    plugins = {plugin["name"]: plugin for plugin in json.loads(host.command("plugins", "list", "--json").out)}
    assert all(
        plugin.keys() == {"name", "version", "queues", "state", "reason", "settings"} for plugin in plugins.values()
    )
    assert [(plugins[name]["state"], plugins[name]["queues"]) for name in ("image-upload", "logo-generation")] == [
        ("active", ["image-upload"]),
        ("active", ["logo-generation"]),
    ]


@pytest.mark.parametrize("role", ["user", "admin"])
def test_token_prints_a_token_of_the_role_for_the_time(host: Host, role: str) -> None:
    user = str(uuid4())
    token = host.token("--user", user, "--role", role, "--ttl", "600")
    claims = jwt.decode(token, host.env["WORKHALL_SECRET_KEY"], algorithms=["HS256"], audience="authenticated")
    assert (claims["sub"], claims["app_metadata"], claims["exp"] - claims["iat"]) == (user, {"role": role}, 600)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("jobs", "show", "logo-generation-01900000-0000-7000-8000-000000000000"), "Job not found"),
        (("jobs", "watch", "logo-generation-01900000-0000-7000-8000-000000000000"), "Job not found"),
        (("jobs", "submit", "logo-generation", '{"invalid": "data"}'), "invalid"),
        (("jobs", "submit", "logo-generatoin", "{}"), "logo-generation"),
    ],
    ids=["show", "watch", "payload", "queue"],
)
def test_what_fails_exits_1_with_one_sentence(host: Host, arguments: tuple[str, ...], sentence: str) -> None:
    ended = host.command(*arguments)
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert sentence in ended.err
    assert "Traceback" not in ended.err


def test_no_running_host_exits_1_with_the_way_out(tmp_path: Path) -> None:
    ended = workhall("jobs", "list", data=tmp_path / "data")
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert "workhall up" in ended.err


@pytest.mark.parametrize("arguments", [("jobs", "submit", "logo-generation"), ("nonsense",), ("token", "--user", "me")])
def test_wrong_usage_exits_2(host: Host, arguments: tuple[str, ...]) -> None:
    ended = host.command(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "Usage" in ended.err
    assert "Traceback" not in ended.err
