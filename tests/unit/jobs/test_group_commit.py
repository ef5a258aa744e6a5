"""Group commit: shared transactions, and one bad item that takes no other with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError
from workhall.jobs.store import Database, DatabaseAway, open_database
from workhall.jobs.store.group_commit import GroupCommit


class Numbers:
    """A table of distinct numbers that are not negative, and the sizes of the batches that were tried."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.batches: list[int] = []

    def insert(self, connection: Connection, numbers: Sequence[int]) -> list[str | Exception]:
        self.batches.append(len(numbers))
        kept = [number for number in numbers if number != 13]
        if kept:
            connection.execute(text("INSERT INTO numbers VALUES (:n)"), [{"n": number} for number in kept])
        return [ValueError("unlucky") if number == 13 else f"got {number}" for number in numbers]

    async def stored(self) -> list[int]:
        statement = text("SELECT n FROM numbers ORDER BY n")
        return await self.database.read(lambda connection: list(connection.scalars(statement)))


@pytest.fixture
async def numbers(tmp_path: Path) -> AsyncIterator[Numbers]:
    database = open_database(f"sqlite:///{tmp_path / 'numbers.db'}")
    create = text("CREATE TABLE numbers (n INTEGER PRIMARY KEY CHECK (n >= 0))")
    await database.write(lambda connection: connection.execute(create))
    yield Numbers(database)
    await database.close()


async def test_alone_an_item_is_committed_at_once(numbers: Numbers) -> None:
    group = GroupCommit(numbers.database)
    assert await group.commit(numbers.insert, 1) == "got 1"
    assert (numbers.batches, await numbers.stored()) == ([1], [1])


async def test_what_arrives_together_shares_a_transaction(numbers: Numbers) -> None:
    group = GroupCommit(numbers.database)
    answers = await asyncio.gather(*(group.commit(numbers.insert, number) for number in range(300) if number != 13))
    assert answers == [f"got {number}" for number in range(300) if number != 13]
    assert numbers.batches == [256, 43]


async def test_a_refusal_is_its_own_callers_and_the_rest_is_committed(numbers: Numbers) -> None:
    group = GroupCommit(numbers.database)
    answers = await asyncio.gather(*(group.commit(numbers.insert, n) for n in (12, 13, 14)), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["got 12", "unlucky", "got 14"]
    assert (numbers.batches, await numbers.stored()) == ([3], [12, 14])


@pytest.mark.parametrize("bad_at", [0, 31, 63])
async def test_a_batch_that_fails_is_halved_until_the_offender_stands_alone(numbers: Numbers, bad_at: int) -> None:
    group = GroupCommit(numbers.database)
    items = list(range(100, 164))
    items[bad_at] = -1
    answers = await asyncio.gather(*(group.commit(numbers.insert, n) for n in items), return_exceptions=True)
    offenders = [number for number, answer in zip(items, answers, strict=True) if isinstance(answer, IntegrityError)]
    assert offenders == [-1]
    assert await numbers.stored() == sorted(number for number in items if number >= 0)
    assert sorted(numbers.batches) == [1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32, 64]


async def test_two_offenders_are_both_found(numbers: Numbers) -> None:
    group = GroupCommit(numbers.database)
    items = [1, -1, 2, 3, -2, 4]
    answers = await asyncio.gather(*(group.commit(numbers.insert, n) for n in items), return_exceptions=True)
    assert [isinstance(answer, IntegrityError) for answer in answers] == [number < 0 for number in items]
    assert await numbers.stored() == [1, 2, 3, 4]


async def test_a_database_that_is_away_is_not_asked_item_by_item(numbers: Numbers) -> None:
    await numbers.database.write(lambda connection: connection.execute(text("DROP TABLE numbers")))
    group = GroupCommit(numbers.database)
    answers = await asyncio.gather(*(group.commit(numbers.insert, n) for n in range(9)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [DatabaseAway] * 9
    assert numbers.batches == [9]


async def test_a_caller_that_goes_away_harms_nobody(numbers: Numbers) -> None:
    group = GroupCommit(numbers.database)
    tasks = [asyncio.create_task(group.commit(numbers.insert, number)) for number in (1, 2, 3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [answers[0], answers[2]] == ["got 1", "got 3"]
    assert isinstance(answers[1], asyncio.CancelledError)
    assert await group.commit(numbers.insert, 4) == "got 4"
