"""Error handling and retries: the criteria AC-17 to AC-20 of the requirements (§9), and what operators do then.

The provider that says no is a plugin's handler here; what a plugin does with a provider's error is tested with it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.integration.realtime.clients import PythonClient

from .course import Course
from .people import Caller
from .rehearsal import ATTEMPTS, BACKOFF_S, begin
from .system import Host

LETTERS = "/api/v1/admin/dead-letters"
NOT_LATER_THAN_MS = 1000


@pytest.fixture(scope="module")
def owner(rehearsing: Host) -> Iterator[Caller]:
    with Caller.user(rehearsing) as owner:
        yield owner


@pytest.fixture(scope="module")
def operator(rehearsing: Host) -> Iterator[Caller]:
    with Caller(rehearsing, rehearsing.token("--role", "operator", "--user", str(uuid4()))) as operator:
        yield operator


def followed(owner: Caller, failures: int) -> Course:
    """A job that fails so often, seen through by a client."""

    async def follow() -> Course:
        client = PythonClient()
        await client.connect(owner.host.url, owner.token)
        try:
            course = await begin(client, owner, "failing", {"failures": failures})
            await course.until_end()
        finally:
            await client.close()
        return course

    return asyncio.run(follow())


@pytest.fixture(scope="module")
def mended(owner: Caller) -> Course:
    """A job that fails twice and then completes."""
    return followed(owner, ATTEMPTS - 1)


@pytest.fixture(scope="module")
def exhausted(owner: Caller) -> Course:
    """A job that never succeeds."""
    return followed(owner, ATTEMPTS)


def failures(course: Course) -> list[dict]:
    return [data for name, data in course.events if name == "job:failed"]


def test_ac_17_a_failed_job_is_retried_with_exponential_backoff(owner: Caller, mended: Course) -> None:
    names = [name for name, _ in mended.events]
    assert names == ["job:queued", *["job:started", "job:failed"] * (ATTEMPTS - 1), "job:started", "job:complete"]
    started = [data["timestamp"] for name, data in mended.events if name == "job:started"]
    for number, failed in enumerate(failures(mended)):
        wait_ms = BACKOFF_S * 1000 * 2**number
        assert failed["nextAttemptAt"] - failed["timestamp"] == wait_ms
        assert 0 <= started[number + 1] - failed["nextAttemptAt"] <= NOT_LATER_THAN_MS
    job = owner.job(mended.job_id)
    assert (job["status"], job["attempt"], job["result"]) == ("complete", ATTEMPTS, {"attempts": ATTEMPTS})


def test_ac_18_an_exhausted_job_is_a_dead_letter(operator: Caller, owner: Caller, exhausted: Course) -> None:
    letter = operator.get(f"{LETTERS}/{exhausted.job_id}")
    assert letter in operator.get(LETTERS, queue="failing")["deadLetters"]
    assert (letter["originalQueue"], letter["originalJobId"]) == ("failing", exhausted.job_id)
    assert (letter["originalData"]["failures"], letter["userId"]) == (ATTEMPTS, owner.user_id)
    assert (letter["error"], letter["attempts"]) == (f"The provider said no, for the {ATTEMPTS}. time", ATTEMPTS)
    assert "in fail" in letter["stack"]
    assert letter["failedAt"].endswith("Z")


def test_ac_19_the_client_hears_how_many_retries_are_left(mended: Course) -> None:
    assert [failed["retriesLeft"] for failed in failures(mended)] == [2, 1]


def test_ac_20_the_client_hears_that_none_is_left(owner: Caller, exhausted: Course) -> None:
    assert [failed["retriesLeft"] for failed in failures(exhausted)] == [2, 1, 0]
    last = failures(exhausted)[-1]
    assert (last["error"], last["nextAttemptAt"], last["cancelled"]) == (
        f"The provider said no, for the {ATTEMPTS}. time",
        None,
        False,
    )
    job = owner.job(exhausted.job_id)
    assert (job["status"], job["retriesLeft"], job["error"]) == ("failed", 0, last["error"])


def test_operators_look_at_dead_letters_replay_and_purge_them(
    rehearsing: Host, operator: Caller, exhausted: Course
) -> None:
    listed = rehearsing.command("dead-letters", "list", "--queue", "failing", "--json")
    assert exhausted.job_id in [letter["originalJobId"] for letter in json.loads(listed.out)]
    table = rehearsing.command("dead-letters", "list").lines
    assert table[0].split() == ["DEAD", "LETTER", "JOB", "FAILED", "ATTEMPTS", "ERROR"]
    assert any(exhausted.job_id in line and "said no" in line for line in table)
    shown = rehearsing.command("dead-letters", "show", exhausted.job_id)
    assert (shown.code, "Traceback" in shown.out) == (0, True)  # the stack is what it is for

    replayed = rehearsing.command("dead-letters", "replay", exhausted.job_id)
    assert (replayed.code, replayed.err, len(replayed.lines)) == (0, "", 1)
    with Caller.admin(rehearsing) as admin:
        again = admin.ended_job(replayed.lines[0])
    assert (again["replayOf"], again["status"]) == (exhausted.job_id, "failed")
    assert operator.get(f"{LETTERS}/{exhausted.job_id}")["replayedAs"] == again["jobId"]

    retried = rehearsing.command("jobs", "retry", again["jobId"], "--json")
    assert json.loads(retried.out).keys() == {"ok", "jobId"}
    whole = rehearsing.command("dead-letters", "replay", "--queue", "failing", "--json")
    assert json.loads(whole.out) == {"ok": True, "jobIds": [], "refused": []}  # each runs again, or has done so
    missing = rehearsing.command("dead-letters", "replay", again["jobId"] + "0", exhausted.job_id)
    assert (missing.code, len(missing.lines), missing.err.count("\n")) == (1, 1, 1)
    assert missing.err.endswith("Dead letter not found; 1 of 2 were not replayed.\n")

    one = rehearsing.command("dead-letters", "purge", exhausted.job_id)
    assert (one.code, one.lines) == (0, ["Removed 1 dead letter."])
    with Caller.admin(rehearsing) as admin:
        admin.all_ended()
    left = operator.get(LETTERS, queue="failing")["deadLetters"]
    rest = rehearsing.command("dead-letters", "purge", "--queue", "failing", "--json")
    assert json.loads(rest.out) == {"ok": True, "removed": len(left)}
    assert operator.get(LETTERS)["deadLetters"] == []


def test_a_dead_letter_without_a_mail_queue_is_named_in_the_log(rehearsing: Host, exhausted: Course) -> None:
    (line,) = [line for line in rehearsing.log.splitlines() if exhausted.job_id in line and "alert mail" in line]
    assert "email-send" in line
