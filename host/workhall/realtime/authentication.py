"""Who connects: the token in ``auth.token``."""

from __future__ import annotations

from socketio.exceptions import ConnectionRefusedError as Refused

from workhall.access.tokens import TokenError, verify_token
from workhall.jobs.principal import Principal
from workhall.settings import Settings

__all__ = ["authenticate"]


def authenticate(settings: Settings, auth: object) -> Principal:
    """Return who ``auth``, the payload of a CONNECT packet, stands for.

    Raises:
        socketio.exceptions.ConnectionRefusedError: with the message that `connect_error` carries (contract §5).
    """
    token = auth.get("token") if isinstance(auth, dict) else None
    if not token:
        raise Refused("Authentication required: no token provided")
    if not isinstance(token, str):
        raise Refused("Authentication failed: the token must be a string")
    try:
        return verify_token(settings, token)
    except TokenError as error:
        raise Refused(f"Authentication failed: {error}") from None
