"""Real distributions for the tests: packages with a dist-info folder, on a search path of their own."""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

PROCESSORS = """
    from pydantic import BaseModel
    from workhall import Processor, hookimpl

    class Payload(BaseModel):
        text: str = ""
        count: int = 1

    @hookimpl
    def processors():
        return [{processors}]
"""


class Site:
    """A folder of installed distributions."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def add(
        self,
        name: str,
        code: str | Mapping[str, str] = "",
        *,
        distribution: str = "",
        version: str = "1.0",
        target: str = "",
        requires: Sequence[str] = (),
        requires_python: str = "",
        direct_url: Mapping[str, Any] | None = None,
    ) -> str:
        """Write a package and its dist-info as pip would; return the package's name."""
        distribution = distribution or f"workhall-{name}"
        package = distribution.replace("-", "_")
        files = {"__init__.py": code} if isinstance(code, str) else code
        installed = {f"{package}/{path}": textwrap.dedent(text) for path, text in files.items()}
        info = f"{package}-{version}.dist-info"
        metadata = [f"Metadata-Version: 2.3\nName: {distribution}\nVersion: {version}"]
        metadata += [f"Requires-Dist: {line}" for line in requires]
        metadata += [f"Requires-Python: {requires_python}"] if requires_python else []
        installed[f"{info}/METADATA"] = "\n".join(metadata) + "\n"
        installed[f"{info}/entry_points.txt"] = f"[workhall]\n{name} = {target or package}\n"
        if direct_url is not None:
            installed[f"{info}/direct_url.json"] = json.dumps(direct_url)
        installed[f"{info}/RECORD"] = "".join(map(_record_line, installed.items())) + f"{info}/RECORD,,\n"
        for path, text in installed.items():
            self.write(path, text)
        return package

    @staticmethod
    def declaring(*queues: str, **options: str) -> str:
        """Return the code of a plugin that declares ``queues``; options are pieces of code."""
        more = "".join(f", {name}={value}" for name, value in options.items())
        calls = [f'Processor(queue="{queue}", payload=Payload, handler="a.b:c"{more})' for queue in queues]
        return textwrap.dedent(PROCESSORS).format(processors=", ".join(calls))

    def write(self, path: str, text: str) -> None:
        """Write one file; new modules are found at once."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        importlib.invalidate_caches()


def _record_line(item: tuple[str, str]) -> str:
    path, text = item
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(text.encode())}\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The only folder with distributions on the search path; what was imported from it is forgotten afterwards."""
    kept = [path for path in sys.path if "site-packages" not in path]
    monkeypatch.setattr(sys, "path", [str(tmp_path), *kept])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    importlib.invalidate_caches()
    before = set(sys.modules)
    yield Site(tmp_path)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]
    sys.path_importer_cache.pop(str(tmp_path), None)
