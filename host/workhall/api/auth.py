"""Bearer tokens (RFC 6750) on requests."""

from __future__ import annotations

import time
from functools import lru_cache, partial
from typing import Any, Final

from litestar.connection import ASGIConnection, Request
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler

from workhall.access.tokens import TokenError, verify_token
from workhall.jobs.errors import DispatchForbidden
from workhall.jobs.principal import Principal
from workhall.settings import Settings

__all__ = [
    "TokenReader",
    "check_may_change",
    "identify",
    "not_authenticated",
    "read_bearer",
    "require_admin",
    "require_operator",
    "require_token",
]

_TOKENS: Final = 4096  # remembered
_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


class TokenReader:
    """Verifies tokens, each one's signature once: that costs more than the rest of a request's checks."""

    def __init__(self, settings: Settings) -> None:
        self._verify = partial(verify_token, settings)
        self._verify_once = lru_cache(_TOKENS)(self._verify)

    def read(self, token: str) -> Principal:
        """Return who ``token`` stands for.

        Raises:
            TokenError: one sentence that says what is wrong with it.
        """
        principal = self._verify_once(token)  # only good tokens are remembered
        return principal if principal.expires_at > time.time() else self._verify(token)


async def require_token(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Guard: find out who is calling, for ``request.user``.

    Raises:
        NotAuthorizedException: no token, or one that is not good.
    """
    connection.scope["user"] = read_bearer(connection)


async def identify(request: Request[Any, Any, Any]) -> None:
    """Do what `require_token` does, as a hook before the request: the way of the routes that submit.

    Litestar copies the handler for every call of a guard, which would be a twentieth of a submit.

    Raises:
        NotAuthorizedException: no token, or one that is not good.
    """
    request.scope["user"] = read_bearer(request)


async def require_admin(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Guard, after `require_token`: only administrators pass.

    Raises:
        DispatchForbidden: the caller is none.
    """
    principal: Principal = connection.scope["user"]
    if not principal.may_administer():
        raise DispatchForbidden("Admin access required")


async def require_operator(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Guard, after `require_token`: only operators and administrators pass.

    Raises:
        DispatchForbidden: the caller is neither.
    """
    principal: Principal = connection.scope["user"]
    if not principal.may_operate():
        raise DispatchForbidden("Operator access required")


def read_bearer(connection: ASGIConnection[Any, Any, Any, Any]) -> Principal:
    """Return who the request's bearer token stands for.

    Raises:
        NotAuthorizedException: no token, or one that is not good.
    """
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise not_authenticated("Authentication required: send the header `Authorization: Bearer <token>`")
    tokens: TokenReader = connection.app.state["tokens"]
    try:
        return tokens.read(token.strip())
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
