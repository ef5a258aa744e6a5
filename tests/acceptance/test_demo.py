"""``workhall demo``: four pictures from one command, again and again on the same folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from PIL import Image

from .system import workhall


def test_the_demo_prints_the_paths_of_four_different_pictures_each_time(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    for run in ("first", "second"):
        began = time.monotonic()
        ended = workhall("demo", data=tmp_path / "data")
        figure(f"workhall demo, {run} run: {time.monotonic() - began:.1f} s from the command to its end")
        assert (ended.code, ended.err) == (0, "")
        assert any(line.split()[:2] == ["100", "%"] for line in ended.lines)
        are_four_different_pictures([Path(line) for line in ended.lines[-4:]])


def are_four_different_pictures(paths: list[Path]) -> None:
    assert len({sha256(path.read_bytes()).digest() for path in paths}) == 4
    for path in paths:
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) >= 512
