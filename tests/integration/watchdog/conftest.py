"""One real system with the misbehaving plugin: short time-outs, one shared worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.people import Caller
from tests.acceptance.rows import Rows
from tests.acceptance.system import Host
from tests.fixtures.waiting import eventually
from tests.integration.watchdog.misbehaving import install

GRACE_S = 1
MEMORY_MB = 450


class Bench:
    """A running host, its rows, and somebody who may submit to every queue."""

    def __init__(self, host: Host, caller: Caller) -> None:
        self.host, self.caller, self.rows = host, caller, Rows(host.data)

    def submit(self, queue: str, **payload: str) -> str:
        accepted = self.caller.post(f"/api/v1/jobs/{queue}", payload, 202)
        return str(accepted["jobId"])

    async def reached(self, job_id: str, *statuses: str, within_s: float = 25) -> dict:
        await eventually(lambda: self.rows.job(job_id)["status"] in statuses, within_s)
        return self.rows.job(job_id)

    def attempts(self, job_id: str) -> list[tuple[str, str | None]]:
        found = self.rows.read("SELECT status, error FROM job_attempts WHERE job_id = ? ORDER BY number", job_id)
        return [(row["status"], row["error"]) for row in found]

    def is_isolated(self, queue: str) -> bool:
        (row,) = self.rows.read("SELECT isolated FROM queues WHERE name = ?", queue)
        return bool(row["isolated"])

    def shared_workers(self) -> list[int]:
        return [pid for pid, command in self.host.left().items() if command.endswith("worker --shared")]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("watchdog")
    install(folder / "site")
    settings = {
        "PYTHONPATH": str(folder / "site"),
        "WORKHALL_WATCHDOG_GRACE": str(GRACE_S),
        "WORKHALL_WORKER_MEMORY_MB": str(MEMORY_MB),
        "WORKHALL_SHUTDOWN_GRACE": "2",
    }
    host = Host(folder / "data", "--workers", "1", **settings).start()
    try:
        with Caller.admin(host) as caller:
            yield Bench(host, caller)
        assert host.stop() == 0, host.log
        assert host.left() == {}
        assert {path.suffix for path in (host.data / "flight").iterdir()} <= {".stacks"}
    finally:
        host.destroy()


@pytest.fixture
def until(tmp_path: Path) -> Path:
    """A file that ends a good job once it is there."""
    return tmp_path / "until"
