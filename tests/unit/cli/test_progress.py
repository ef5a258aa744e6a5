"""Progress on a terminal and elsewhere."""

from __future__ import annotations

import io

from rich.console import Console
from rich.progress import Progress
from workhall.cli.progress import _Bars, job_progress
from workhall.client import Event


def progress(percent: int, message: str, **more) -> Event:
    return Event("job:progress", 1, {"progress": percent, "message": message, "status": "generating", **more})


def test_plain_lines_where_stdout_is_no_terminal(capsys):
    with job_progress("4 logos", ["logo 1"]) as feed:
        feed(progress(27, "Logo 1 [bold]generated!", logoIndex=0))
        feed(Event("job:failed", 2, {"error": "no luck", "retriesLeft": 0}))
    assert capsys.readouterr().out == "  27 %  Logo 1 [bold]generated!\n        no luck\n"


def test_each_part_has_a_bar_of_its_own():
    with Progress(console=Console(file=io.StringIO())) as shown:
        feed = _Bars(shown, "4 logos", ["logo 1", "logo 2"])
        feed(progress(10, "Generating logo 1 of 2"))
        assert [task.completed for task in shown.tasks] == [10, 0, 0]
        assert all(task.started for task in shown.tasks)
        feed(progress(45, "Logo 2 generated!", logoIndex=1))
        assert [task.completed for task in shown.tasks] == [45, 0, 100]
        feed(progress(50, "An index that we did not ask for", logoIndex=7))
        feed(Event("job:complete", 9, {"progress": 100, "message": "2 logos generated!"}))
        assert [task.completed for task in shown.tasks] == [100, 0, 100]
