"""``GET /v1/credits`` and ``POST /v1/admin/credits``."""

from __future__ import annotations

from uuid import UUID

from litestar import get, post
from pydantic import Field

from workhall.api.auth import require_admin
from workhall.api.bodies import read_body
from workhall.api.records import balance_record
from workhall.api.state import ApiRequest
from workhall.api.wire import CreditBalance
from workhall.jobs.store.credits import Balance, grant_credits, read_balance
from workhall.sdk import WireModel

__all__ = ["CreditGrant", "give_credits", "show_credits"]

_MOST = 1_000_000_000


class CreditGrant(WireModel):
    """Credits for a user; a negative amount takes some away."""

    user_id: UUID
    amount: int = Field(strict=True, ge=-_MOST, le=_MOST)


@get("/v1/credits", operation_id="getCredits", summary="Show your credits", tags=["credits"])
async def show_credits(request: ApiRequest) -> CreditBalance:
    """Return the caller's credits; who has no row, or is no user, has 0."""
    user_id = request.user.user_id
    if user_id is None:
        return balance_record(Balance(0, 0, 0))
    return balance_record(await request.api.database.read(lambda connection: read_balance(connection, user_id)))


@post(
    "/v1/admin/credits",
    status_code=200,
    guards=[require_admin],
    operation_id="grantCredits",
    summary="Give a user credits",
    tags=["admin"],
)
async def give_credits(request: ApiRequest) -> CreditBalance:
    """Change what a user has left and return the balance."""
    grant = await read_body(request, CreditGrant)
    user_id = str(grant.user_id)
    balance = await request.api.database.write(lambda connection: grant_credits(connection, user_id, grant.amount))
    return balance_record(balance)
