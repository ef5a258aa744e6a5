"""JSON Web Tokens (RFC 7519): issued for development and services, verified at every door.

HS256 with `SUPABASE_JWT_SECRET` where that is set, else with the host's own secret. The role comes from
``app_metadata.role`` alone, which a Supabase user cannot change (Supabase documentation, "User metadata").
"""

from __future__ import annotations

import time
from typing import Any, Final
from uuid import UUID

import jwt

from workhall.jobs.principal import ROLES, Principal
from workhall.settings import Settings

__all__ = ["TokenError", "issue_token", "verify_token"]

_ALGORITHM: Final = "HS256"
_LEEWAY_S: Final = 5


class TokenError(Exception):
    """A token is missing, malformed, expired or not ours; the message is fit for the caller."""


def issue_token(settings: Settings, user_id: str | None, role: str = "user", ttl_s: int = 3600) -> str:
    """Sign a token for ``user_id`` that lives ``ttl_s`` seconds (a negative time makes an expired one).

    Raises:
        ValueError: unknown role, or ``user_id`` is not a UUID.
    """
    if role not in ROLES:
        raise ValueError(f"The role must be one of {', '.join(ROLES)}, not {role!r}.")
    if user_id is not None:
        user_id = str(UUID(user_id))
    now = int(time.time())
    claims: dict[str, Any] = {"iat": now, "exp": now + ttl_s, "aud": "authenticated", "app_metadata": {"role": role}}
    if user_id is not None:
        claims["sub"] = user_id
    return jwt.encode(claims, _key(settings), algorithm=_ALGORITHM)


def verify_token(settings: Settings, token: str) -> Principal:
    """Return who ``token`` stands for.

    Raises:
        TokenError: one sentence that says what is wrong with it.
    """
    try:
        claims = jwt.decode(
            token,
            _key(settings),
            algorithms=[_ALGORITHM],
            leeway=_LEEWAY_S,
            options={"require": ["exp"], "verify_aud": False},
        )
    except jwt.ExpiredSignatureError:
        raise TokenError("the token has expired") from None
    except jwt.InvalidTokenError:
        raise TokenError("invalid token") from None
    return _principal(claims)


def _principal(claims: dict[str, Any]) -> Principal:
    metadata = claims.get("app_metadata")
    role = metadata.get("role", "user") if isinstance(metadata, dict) else "user"
    if role not in ROLES:
        raise TokenError("the token carries an unknown role")
    return Principal(user_id=_user(claims.get("sub"), role), role=role, expires_at=float(claims["exp"]))


def _user(subject: object, role: str) -> str | None:
    if subject is None and role in ("service", "admin"):
        return None
    try:
        return str(UUID(str(subject)))
    except ValueError:
        raise TokenError("the token names no user") from None


def _key(settings: Settings) -> str:
    return settings.supabase_jwt_secret.get_secret_value() or settings.secret_key.get_secret_value()
