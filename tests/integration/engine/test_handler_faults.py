"""Nothing that a handler raises or returns harms the worker, and every text of it fits every database."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from pydantic import BaseModel
from workhall.jobs.outcome import clean
from workhall.sdk import JobContext, Retry, fixed

from tests.integration.engine.hosting import Host


class Shout(BaseModel):
    text: str
    loudness: float | None = None


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


async def leave(job: JobContext, where: str, error: BaseException) -> None:
    """Raise ``error`` in the handler itself, in a step, or in other work that the handler gathers."""

    def at_once() -> int:
        raise error

    async def later() -> None:
        raise error

    if where == "step":
        await job.step("leaving", at_once, model=int, paid=True)
    elif where == "gathered":
        await job.gather(later())
    else:
        at_once()


@pytest.mark.parametrize("where", ["handler", "step", "gathered"])
@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (SystemExit(3), "3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (asyncio.CancelledError(), "CancelledError"),
        (StopAsyncIteration(), "StopAsyncIteration"),
        (GeneratorExit(), "GeneratorExit"),
        (RecursionError("deep"), "deep"),
        (Unprintable(), "Unprintable"),
        (ValueError("a\x00b \ud800"), "a\ufffdb ?"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
async def test_nothing_that_a_handler_raises_ends_the_worker(
    sqlite_host: Host, raised: BaseException, error: str, where: str
) -> None:
    host = sqlite_host

    async def bad(job: JobContext) -> None:
        await leave(job, where, raised)

    async def good(job: JobContext) -> str:
        return "alive"

    host.serve(bad, "bad", retry=Retry(attempts=1))
    host.serve(good, "good")
    async with host.working():
        job_id = await host.submit("bad")
        row = await host.ended(job_id)
        assert (await host.ended(await host.submit("good")))["result"] == "alive"
    assert row["status"] == "failed"
    assert error in row["error"]


async def test_error_texts_fit_every_database(host: Host) -> None:
    async def bad(job: JobContext) -> None:
        raise RuntimeError("zero \x00 half \ud83d " + "x" * 100_000)

    host.serve(bad, retry=Retry(attempts=2, backoff=fixed(0)))
    async with host.working():
        job_id = await host.submit()
        row = await host.ended(job_id)
    assert row["status"] == "failed"
    assert row["error"].startswith("zero \ufffd half ? xxx")
    assert len(row["error"]) == 2000
    (letter,) = await host.dead_letters()
    assert len(letter["stack"]) <= 64_000


async def test_reported_texts_fit_every_database(host: Host) -> None:
    async def chatty(job: JobContext) -> dict:
        await job.progress(1, "a\x00b", stage="st\x00ge", remark="\x00")
        return {"message": "fine"}

    host.serve(chatty)
    async with host.working():
        job_id = await host.submit(text="\x00")
        row = await host.ended(job_id)
    assert (row["status"], row["stage"], row["message"]) == ("complete", clean("st\x00ge"), "fine")


@pytest.mark.parametrize(
    ("returned", "error"),
    [
        ({"loudness": 1}, "The handler's result does not fit its model: text: Field required"),
        ({"text": "a", "loudness": math.nan}, "The handler's result holds NaN or infinity, which JSON does not know."),
        (Shout(text="a", loudness=-math.inf), "The handler's result holds NaN or infinity, which JSON does not know."),
        ({"text": "x" * 1_100_000}, "The handler's result is larger than 1 MiB; store it as a file"),
        ({"text": "ä" * 600_000}, "The handler's result is larger than 1 MiB; store it as a file"),
        ({"text": "a\x00"}, "The handler's result holds a NUL character."),
        ({"text": "\ud800"}, "The handler's result"),
        (None, "The handler's result does not fit its model: Input should be"),
    ],
    ids=["missing", "nan", "infinity", "large", "large-in-bytes", "nul", "surrogate", "none"],
)
async def test_a_result_that_is_none_fails_for_good(sqlite_host: Host, returned: object, error: str) -> None:
    host = sqlite_host

    async def odd(job: JobContext) -> object:
        return returned

    host.serve(odd, result=Shout)
    async with host.working():
        row = await host.ended(await host.submit())
    assert (row["status"], row["claim_no"]) == ("failed", 1)
    assert row["error"].startswith(error)


@pytest.mark.parametrize(
    ("returned", "stored"),
    [({"a": math.inf}, None), ({"a", "b"}, None), ([1, None, "\\u0000"], [1, None, "\\u0000"]), (None, None)],
    ids=["infinity", "set", "looks-odd", "none"],
)
async def test_without_a_model_a_result_must_be_json(sqlite_host: Host, returned: object, stored: object) -> None:
    host = sqlite_host

    async def odd(job: JobContext) -> object:
        return returned

    host.serve(odd)
    async with host.working():
        row = await host.ended(await host.submit())
    assert row["result"] == stored
    assert (row["status"] == "complete") == (stored == returned)


async def test_a_stored_payload_that_fits_no_more_fails_plainly(host: Host) -> None:
    class Newer(BaseModel):
        size: int

    async def never(job: JobContext) -> None:
        raise AssertionError("must not run")

    host.serve(never)
    job_id = await host.submit(text="old")
    host.serve(never, payload=Newer)
    async with host.working():
        row = await host.ended(job_id)
    assert row["error"] == "The payload does not fit the installed plugin's schema: size: Field required"
    assert (row["status"], row["failures"]) == ("failed", 1)


async def test_an_end_that_the_database_refuses_ends_as_a_failure(host: Host) -> None:
    async def heavy(job: JobContext) -> dict:
        return {"message": job.payload.text}

    host.serve(heavy)
    async with refusing_results(host, "unwanted"), host.working():
        bad, good = await host.submit(text="unwanted"), await host.submit(text="fine")
        row = await host.ended(bad)
        assert (await host.ended(good))["result"] == {"message": "fine"}
    assert row["status"] == "failed"
    assert "unwanted result" in row["error"]


@asynccontextmanager
async def refusing_results(host: Host, word: str) -> AsyncIterator[None]:
    """Have the database itself refuse results that hold ``word``, as a constraint or a limit of its own might."""
    if host.store.database.dialect == "sqlite":
        before = [
            f"CREATE TRIGGER refuse BEFORE UPDATE ON job_data WHEN NEW.result LIKE '%{word}%' "
            f"BEGIN SELECT RAISE(ABORT, '{word} result'); END"
        ]
        after = ["DROP TRIGGER refuse"]
    else:
        before = [
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF NEW.result LIKE '%{word}%' THEN RAISE EXCEPTION '{word} result'; END IF; RETURN NEW; END $$",
            "CREATE TRIGGER refuse BEFORE UPDATE ON job_data FOR EACH ROW EXECUTE FUNCTION refuse()",
        ]
        after = ["DROP TRIGGER refuse ON job_data", "DROP FUNCTION refuse"]
    await execute(host, before)
    yield
    await execute(host, after)


async def execute(host: Host, statements: Sequence[str]) -> None:
    for statement in statements:
        await host.store.database.write(lambda connection, text=statement: connection.exec_driver_sql(text))
