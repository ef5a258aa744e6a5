"""Real systems, started as their users start them, and stopped by their process id; nothing may be left of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from . import rehearsal
from .people import Caller
from .rows import Rows
from .system import Host

FIGURES = pytest.StashKey[list[str]]()
Figure = Callable[[str], None]


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash[FIGURES]:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def figure(pytestconfig: pytest.Config) -> Figure:
    """Notes a measured figure, to be printed at the end of the run."""
    return pytestconfig.stash[FIGURES].append


def over(host: Host) -> None:
    """End a host as an operator does: exit 0, nothing left running, no traceback in its log."""
    try:
        assert host.stop() == 0, host.log
        assert host.left() == {}
        assert "Traceback" not in host.log
    finally:
        host.destroy()


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory, figure: Figure) -> Iterator[Host]:
    """One system for the whole run; its secret is known, so that a test can sign what no command would."""
    data = tmp_path_factory.mktemp("up") / "data"
    host = Host(data, "--workers", "2", WORKHALL_SECRET_KEY=secrets.token_urlsafe(48)).start()
    figure(f"workhall up: ready after {host.started_in_s:.2f} s on an empty folder")
    yield host
    over(host)


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Host]]:
    """Makes systems of a test's own, not started yet; whatever is left of them is killed and fails the test."""
    made: list[Host] = []

    def make(*options: str, **env: str) -> Host:
        made.append(Host(tmp_path / f"data{len(made)}", *options, **env))
        return made[-1]

    yield make
    with ExitStack() as stack:
        for host in made:
            stack.callback(host.destroy)
        assert [host.left() for host in made] == [{}] * len(made)


@pytest.fixture(scope="session")
def admin(host: Host) -> Iterator[Caller]:
    """An admin of the session's host."""
    with Caller.admin(host) as admin:
        yield admin


@pytest.fixture(scope="module")
def user(host: Host, admin: Caller) -> Iterator[Caller]:
    """Somebody with 40 credits."""
    with Caller.user(host) as user:
        admin.grant(user, 40)
        yield user


@pytest.fixture(scope="module")
def brand(user: Caller) -> str:
    """The user's brand."""
    return user.brand()


@pytest.fixture(scope="session")
def rehearsing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A system with the plugin that fails and lasts as it is told."""
    folder = tmp_path_factory.mktemp("rehearsal")
    rehearsal.install(folder / "site")
    host = Host(folder / "data", "--workers", "1", PYTHONPATH=str(folder / "site")).start()
    yield host
    over(host)


@pytest.fixture
def rows(host: Host) -> Rows:
    """The session host's tables."""
    return Rows(host.data)
