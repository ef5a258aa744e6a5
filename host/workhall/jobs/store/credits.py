"""Credits: balances and the ledger behind them.

Granted = remaining + reserved + used for every user, and reserved = the sum over the user's jobs that have not
ended; each change writes a ledger entry in the transaction of what caused it.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, Connection, bindparam, insert, select, update

from workhall.jobs.errors import InsufficientCredits
from workhall.jobs.ids import now_ms, uuid7
from workhall.jobs.tables import credit_entries, generation_credits

__all__ = ["Balance", "grant_credits", "read_balance", "reserve_credits", "settle_credits"]

_TABLE = generation_credits
# Built once: on the way of every submission, building a statement costs more than running it.
_CHANGE: Final = (
    update(_TABLE)
    .where(_TABLE.c.user_id == bindparam("user"), _TABLE.c.credits_remaining >= bindparam("at_least"))
    .values(
        credits_remaining=_TABLE.c.credits_remaining + bindparam("remaining", type_=BigInteger),
        credits_used=_TABLE.c.credits_used + bindparam("used", type_=BigInteger),
        credits_reserved=_TABLE.c.credits_reserved + bindparam("reserved", type_=BigInteger),
    )
)
_ENTER: Final = insert(credit_entries)


class Balance(NamedTuple):
    """A user's credits."""

    remaining: int
    used: int
    reserved: int


def read_balance(connection: Connection, user_id: str) -> Balance:
    """Return the user's balance; without a row it is 0."""
    row = connection.execute(
        select(_TABLE.c.credits_remaining, _TABLE.c.credits_used, _TABLE.c.credits_reserved).where(
            _TABLE.c.user_id == user_id
        )
    ).first()
    return Balance(*row) if row else Balance(0, 0, 0)


def grant_credits(connection: Connection, user_id: str, amount: int) -> Balance:
    """Add ``amount`` to what the user has left (a negative amount takes away).

    Raises:
        InsufficientCredits: more would be taken than is left.
    """
    if not _change(connection, user_id, remaining=amount, used=0, reserved=0, at_least=max(0, -amount)):
        if amount < 0:
            raise InsufficientCredits(-amount, read_balance(connection, user_id).remaining)
        connection.execute(insert(_TABLE).values(user_id=user_id, credits_remaining=amount))
    _enter(connection, user_id, None, "grant", remaining=amount, used=0, reserved=0)
    return read_balance(connection, user_id)


def reserve_credits(connection: Connection, user_id: str, jobs: list[tuple[str, int]]) -> None:
    """Reserve credits for new jobs, given as (job id, credits), all or none.

    Raises:
        InsufficientCredits: fewer are left than needed; nothing was changed.
    """
    needed = sum(credits for _, credits in jobs)
    if not _change(connection, user_id, remaining=-needed, used=0, reserved=needed, at_least=needed):
        raise InsufficientCredits(needed, read_balance(connection, user_id).remaining)
    for job_id, credits in jobs:
        _enter(connection, user_id, job_id, "reserve", remaining=-credits, used=0, reserved=credits)


def settle_credits(connection: Connection, user_id: str, job_id: str, reserved: int, used: int) -> None:
    """End a reservation: ``used`` of it was spent, the rest goes back to the user."""
    used = max(0, min(used, reserved))
    back = reserved - used
    _change(connection, user_id, remaining=back, used=used, reserved=-reserved, at_least=0)
    _enter(connection, user_id, job_id, "settle", remaining=back, used=used, reserved=-reserved)


def _change(connection: Connection, user_id: str, *, remaining: int, used: int, reserved: int, at_least: int) -> bool:
    change = {"remaining": remaining, "used": used, "reserved": reserved}
    return connection.execute(_CHANGE, {"user": user_id, "at_least": at_least, **change}).rowcount == 1


def _enter(connection: Connection, user_id: str, job_id: str | None, kind: str, **change: Any) -> None:
    entry = {"id": str(uuid7()), "user_id": user_id, "job_id": job_id, "kind": kind, "created_at": now_ms()}
    connection.execute(_ENTER, {**entry, **change})
