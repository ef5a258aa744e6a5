"""Bearer tokens (RFC 6750) on requests."""

from __future__ import annotations

from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler

from workhall.access.tokens import TokenError, verify_token
from workhall.api.state import ApiState
from workhall.jobs.errors import DispatchForbidden
from workhall.jobs.principal import Principal

__all__ = ["check_may_change", "not_authenticated", "read_bearer", "require_admin", "require_token"]

_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


async def require_token(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Guard: find out who is calling, for ``request.user``.

    Raises:
        NotAuthorizedException: no token, or one that is not good.
    """
    connection.scope["user"] = read_bearer(connection)


async def require_admin(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Guard, after `require_token`: only administrators pass.

    Raises:
        DispatchForbidden: the caller is none.
    """
    principal: Principal = connection.scope["user"]
    if not principal.may_administer():
        raise DispatchForbidden("Admin access required")


def read_bearer(connection: ASGIConnection[Any, Any, Any, Any]) -> Principal:
    """Return who the request's bearer token stands for.

    Raises:
        NotAuthorizedException: no token, or one that is not good.
    """
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise not_authenticated("Authentication required: send the header `Authorization: Bearer <token>`")
    state: ApiState = connection.app.state["api"]
    try:
        return verify_token(state.settings, token.strip())
    except TokenError as error:
        raise not_authenticated(f"Authentication failed: {error}") from None


def check_may_change(principal: Principal) -> None:
    """Let callers pass who may change things, not only look at them.

    Raises:
        DispatchForbidden: the role may only look.
    """
    if not principal.may_dispatch("user"):
        raise DispatchForbidden("Your role may look at this, but not change it.")


def not_authenticated(message: str) -> NotAuthorizedException:
    """Return the 401 with the challenge that RFC 9110 §11.6.1 asks for."""
    return NotAuthorizedException(message, headers=dict(_CHALLENGE))
