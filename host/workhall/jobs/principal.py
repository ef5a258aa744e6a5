"""The caller, as every door sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["HOST", "ROLES", "Principal"]

# Rights over other people's things grow to the right only for user ⊂ service ⊂ admin (contract §4).
ROLES: Final = ("user", "viewer", "operator", "service", "admin")


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller; ``expires_at`` is in epoch seconds."""

    user_id: str | None
    role: str
    expires_at: float

    @property
    def sees_all(self) -> bool:
        """Whether every row is visible, not only the caller's own."""
        return self.role in ("service", "admin")

    def may_dispatch(self, who: str) -> bool:
        """Tell whether the caller may submit to a queue whose processor says ``who``."""
        if who == "user":
            return self.role in ("user", "service", "admin")
        return who == "service" and self.sees_all

    def may_administer(self) -> bool:
        """Tell whether the caller may change what is not theirs."""
        return self.role == "admin"

    def may_operate(self) -> bool:
        """Tell whether the caller may run failed work again, and clear it away."""
        return self.role in ("operator", "admin")

    def owns(self, user_id: str | None) -> bool:
        """Tell whether a thing of ``user_id`` is the caller's to see."""
        return self.sees_all or (user_id is not None and user_id == self.user_id)


# What the host itself does, cron jobs and SAQ's API among it.
HOST: Final = Principal(user_id=None, role="service", expires_at=float("inf"))
