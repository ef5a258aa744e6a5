"""The child's side: learn that it shall end, and say that it is ready.

A supervised process inherits three kinds of descriptors, named in its environment: the read end of a pipe whose only
writer is its supervisor (end-of-file: the supervisor is gone, however it died), the write end of a pipe on which it
reports ready, and descriptors that it merely holds open (the lock, the lifeline of Valkey). Without a supervisor only
the signals count.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import threading
import time
from typing import Final, NoReturn

__all__ = ["HELD_FDS", "LISTEN_FD", "READY_FD", "SUPERVISOR_FD", "ChildLink", "inherited_socket"]

SUPERVISOR_FD: Final = "WORKHALL_SUPERVISOR_FD"
READY_FD: Final = "WORKHALL_READY_FD"
HELD_FDS: Final = "WORKHALL_HELD_FDS"
LISTEN_FD: Final = "WORKHALL_LISTEN_FD"
_ABANDONED: Final = 70  # exit code of a process that outlived its supervisor's grace (sysexits.h, EX_SOFTWARE)
_log = logging.getLogger(__name__)


class ChildLink:
    """What ties this process to its supervisor.

    Attributes:
        stop: set by SIGTERM, SIGINT, SIGHUP or the supervisor's end; from then on the process drains.
        hurry: set by a second SIGINT; whoever waits for others need not wait any longer.
        supervised: whether there is a supervisor at all.
    """

    def __init__(self, *, supervisor_fd: int | None = None, ready_fd: int | None = None) -> None:
        self.stop, self.hurry = asyncio.Event(), asyncio.Event()
        self.supervised = supervisor_fd is not None
        self._ready_fd = ready_fd
        self._loop = asyncio.get_running_loop()
        self._asked_at: float | None = None

    @classmethod
    def from_environment(cls, *, exit_after_s: float = 60.0) -> ChildLink:
        """Take over the inherited descriptors and the signals; needs the running event loop.

        A process that still lives ``exit_after_s`` seconds after its supervisor ended (a handler blocks its loop for
        ever, say) is ended by a thread, so that nothing is left running.
        """
        supervisor_fd, ready_fd = _take(SUPERVISOR_FD), _take(READY_FD)
        for held in filter(None, os.environ.pop(HELD_FDS, "").split(",")):
            os.set_inheritable(int(held), False)
        link = cls(supervisor_fd=supervisor_fd, ready_fd=ready_fd)
        link._listen_to_signals()
        if supervisor_fd is not None:
            link._follow(supervisor_fd, exit_after_s)
        return link

    def ready(self) -> None:
        """Tell the supervisor that this process can do its work; a second call does nothing."""
        if self._ready_fd is None:
            return
        descriptor, self._ready_fd = self._ready_fd, None
        try:
            os.write(descriptor, b"ready\n")
        except BrokenPipeError:
            pass  # the supervisor is gone; its other pipe says so
        finally:
            os.close(descriptor)

    def _listen_to_signals(self) -> None:
        self._loop.add_signal_handler(signal.SIGTERM, self._asked)
        self._loop.add_signal_handler(signal.SIGINT, self._asked, True)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup(1) asks for that
            self._loop.add_signal_handler(signal.SIGHUP, self._asked)

    def _asked(self, interactive: bool = False) -> None:
        now = self._loop.time()
        if self._asked_at is None:
            self._asked_at = now
        elif interactive and now - self._asked_at > 1:  # launchers pass one Ctrl-C on twice
            self.hurry.set()
        self.stop.set()

    def _follow(self, descriptor: int, exit_after_s: float) -> None:
        def wait_for_the_end() -> None:
            while os.read(descriptor, 1):
                pass
            try:
                self._loop.call_soon_threadsafe(self.stop.set)
            except RuntimeError:
                return  # the loop is closed: this process is ending anyway
            time.sleep(exit_after_s)
            _abandon(exit_after_s)

        threading.Thread(target=wait_for_the_end, name="workhall-supervisor-link", daemon=True).start()


def inherited_socket() -> socket.socket | None:
    """Return the listening socket that the supervisor opened, or None where there is none."""
    descriptor = _take(LISTEN_FD)
    return None if descriptor is None else socket.socket(fileno=descriptor)


def _take(variable: str) -> int | None:
    value = os.environ.pop(variable, "")
    if not value:
        return None
    os.set_inheritable(int(value), False)
    return int(value)


def _abandon(waited_s: float) -> NoReturn:
    _log.error("the supervisor is gone and this process did not end within %g s; ending it", waited_s)
    os._exit(_ABANDONED)
