"""A worker process's lease: renewed by a thread of its own, so that a busy event loop does not lose it.

A job's worker stands in its row; a worker whose lease ran out is gone, and its jobs are rescued.
"""

from __future__ import annotations

import logging
import threading
from typing import Final
from uuid import uuid4

from redis import Redis

from workhall.engine.connections import FAULTS, connect_blocking, is_away
from workhall.engine.scripts import LEASE

__all__ = ["LEASE_S", "RENEW_S", "Lease"]

LEASE_S: Final = 6.0
RENEW_S: Final = 2.0
_log = logging.getLogger("workhall.engine")


class Lease:
    """Keeps ``worker_id`` among the living until it is released."""

    def __init__(self, url: str, worker_id: str) -> None:
        self.worker_id = worker_id
        self._redis: Redis = connect_blocking(url, f"lease-{worker_id}")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def start(self) -> None:
        """Take the lease, if Redis is there, and go on renewing it."""
        self._renew()
        self._thread.start()

    def release(self) -> None:
        """Stop renewing and let the lease go."""
        self._ended.set()
        self._thread.join(timeout=RENEW_S)
        try:
            self._redis.delete(f"saq:wake:{self.worker_id}")
            if self._redis.get("saq:reconciler") == self.worker_id.encode():
                self._redis.delete("saq:reconciler")  # the next one need not wait for the end of our term
            if self._redis.scard(f"saq:claims:{self.worker_id}"):
                self._redis.zadd("saq:leases", {self.worker_id: 0})  # run out: somebody looks after what is left
            else:
                self._redis.zrem("saq:leases", self.worker_id)
        except FAULTS as error:
            _log.info("The lease of %s runs out by itself: %s", self.worker_id, error)
        self._redis.close()

    def _keep(self) -> None:
        while not self._ended.wait(RENEW_S):
            self._renew()

    def _renew(self) -> None:
        try:
            self._redis.eval(LEASE, 0, self.worker_id, str(int(LEASE_S * 1000)), uuid4().hex)
        except FAULTS as error:  # a lease that was missed is taken again at the next beat
            if not is_away(error):  # of that the pump speaks, once
                _log.warning("The lease of %s could not be renewed: %s", self.worker_id, error)
