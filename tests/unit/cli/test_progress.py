"""Progress on a terminal and elsewhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import Progress
from workhall.cli.demo_pictures import picture_file
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


class Downloads:
    async def download(self, url: str) -> bytes:
        return url.encode()


@pytest.mark.parametrize("key", ["brands/b/logo/1.png", "somewhere/brands/b/logo/1.png"])
async def test_a_stored_picture_is_shown_where_it_lies(tmp_path, key):
    stored = tmp_path / "files" / key
    stored.parent.mkdir(parents=True)
    stored.touch()
    metadata = {"thumbnail": "storage:brands/b/logo/1.thumb.webp", "files": [{"original": f"storage:{key}"}]}
    asset = {"id": "a", "brandId": "b", "metadata": metadata, "url": "http://x"}
    assert await picture_file(Downloads(), asset, tmp_path) == stored


@pytest.mark.parametrize(
    "metadata", [{}, {"key": "storage:brands/b/logo/gone.png"}, {"key": "storage:temporary/1.png"}]
)
async def test_a_picture_that_is_elsewhere_is_downloaded(tmp_path, metadata):
    (tmp_path / "files" / "temporary").mkdir(parents=True)
    (tmp_path / "files" / "temporary" / "1.png").touch()
    asset = {"id": "a", "brandId": "b", "metadata": metadata, "url": "http://x"}
    target = await picture_file(Downloads(), asset, tmp_path)
    assert (target, target.read_bytes()) == (tmp_path / "demo" / "a.png", b"http://x")
