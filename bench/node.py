"""What the peers on Node need: Node, npm, and the packages of `bench/peers/package-lock.json`."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
OLDEST_NODE = 20


def why_no_node_peers() -> str | None:
    """Install the peers' packages on first use; one sentence when they cannot run, else None."""
    return _why_no_node() or _install_packages()


def _why_no_node() -> str | None:
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"{program} is not on the PATH; install Node.js {OLDEST_NODE} or newer, which brings both"
    version = _output_of("node", "--version")
    found = re.match(r"v(\d+)", version)
    if found is None or int(found[1]) < OLDEST_NODE:
        return f"Node.js {OLDEST_NODE} or newer is needed, this is {version or 'unknown'}"
    return None


def _output_of(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _install_packages() -> str | None:
    """Run `npm ci` unless the packages installed are those of the lock file."""
    installed, lock = PEERS / "node_modules" / ".package-lock.json", PEERS / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return None
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=PEERS, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"`npm ci` in bench/peers failed: {_npm_error(done.stderr)}"


def _npm_error(stderr: str) -> str:
    """The first thing npm says that is an error and not just its code."""
    errors = [line.removeprefix("npm error").strip() for line in stderr.splitlines() if "npm error" in line]
    sentences = [error for error in errors if error and not error.startswith("code ")]
    return sentences[0] if sentences else "it said nothing"
