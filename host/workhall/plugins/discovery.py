"""Finding plugins without importing them: one look at the metadata of what is installed.

Works like ``importlib_metadata.entry_points(group="workhall")``, but one distribution after the other, because a single
unreadable ``entry_points.txt`` anywhere in the environment makes that call raise for all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from importlib_metadata import PackageNotFoundError, distribution, distributions
from packaging.utils import canonicalize_name

from workhall.sdk.hooks import ENTRY_POINT_GROUP

if TYPE_CHECKING:
    from importlib_metadata import IDistribution

__all__ = ["Candidate", "Origin", "discover", "find_duplicates", "plugin_key"]

Origin = Literal["index", "url", "vcs", "local", "editable"]


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """An entry point of the group ``workhall``, known from metadata alone.

    Attributes:
        name: the entry point's name.
        distribution: the distribution that declares it.
        version: that distribution's version.
        value: ``module`` or ``module:attribute``.
        origin: how it was installed, from ``direct_url.json`` (PyPA, Recording the Direct URL Origin).
        requires: its ``Requires-Dist`` lines.
        requires_python: its ``Requires-Python`` specifier, or an empty string.
        fault: a sentence where the metadata itself cannot be used.
    """

    name: str
    distribution: str
    version: str = ""
    value: str = ""
    origin: Origin = "index"
    requires: tuple[str, ...] = ()
    requires_python: str = ""
    fault: str = ""

    @property
    def mending(self) -> str:
        """How a sentence ends whose cause is the plugin's own code."""
        return f"once it is mended, run `pip install --upgrade {self.distribution}`"


def discover() -> tuple[Candidate, ...]:
    """Return every installed plugin, sorted by name and distribution; never raises for a distribution's fault."""
    declaring = {canonicalize_name(name): dist for dist in distributions() if (name := _declaring_name(dist))}
    return tuple(
        sorted(candidate for name, dist in declaring.items() for candidate in _candidates(name, _winner(name, dist)))
    )


def find_duplicates(candidates: Iterable[Candidate]) -> dict[Candidate, str]:
    """Return a sentence for each candidate whose name another one has too; neither wins."""
    namesakes: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        namesakes.setdefault(plugin_key(candidate.name), []).append(candidate)
    return {
        candidate: _duplicate_sentence(candidate, group)
        for group in namesakes.values()
        if len(group) > 1
        for candidate in group
    }


def plugin_key(name: str) -> str:
    """Return the spelling by which names are compared: lower case, with ``-`` for runs of ``-``, ``_`` and ``.``."""
    return canonicalize_name(name)


def _declaring_name(dist: IDistribution) -> str | None:
    try:
        return dist.name if f"[{ENTRY_POINT_GROUP}]" in (dist.read_text("entry_points.txt") or "") else None
    except Exception:  # noqa: BLE001 - a leftover folder without usable metadata is not an installed distribution
        return None


def _winner(name: str, found: IDistribution) -> IDistribution:
    """Return the one distribution that counts where an unclean upgrade left several of one name."""
    try:
        return distribution(name)
    except PackageNotFoundError:  # its folder is named differently, or it is being removed just now
        return found


def _candidates(name: str, dist: IDistribution) -> Iterator[Candidate]:
    try:
        for point in dist.entry_points.select(group=ENTRY_POINT_GROUP):
            yield _candidate(dist, point.name, point.value)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the files, the host starts and says so
        problem = f"The installed files of {name} cannot be read ({type(error).__name__}: {error})"
        yield Candidate(name, name, fault=f"{problem}; run `pip install --force-reinstall {name}`.")


def _candidate(dist: IDistribution, name: str, value: str) -> Candidate:
    return Candidate(
        name=name,
        distribution=dist.name,
        version=dist.version,
        value=value,
        origin=_origin(dist.read_text("direct_url.json")),
        requires=tuple(dist.requires or ()),
        requires_python=dist.metadata.get("Requires-Python") or "",
    )


def _origin(direct_url: str | None) -> Origin:
    if not direct_url:
        return "index"
    try:
        record: dict[str, Any] = json.loads(direct_url)
        if record.get("dir_info", {}).get("editable"):
            return "editable"
        if "vcs_info" in record:
            return "vcs"
        return "url" if str(record.get("url", "")).startswith(("http://", "https://")) else "local"
    except (ValueError, AttributeError):
        return "local"


def _duplicate_sentence(candidate: Candidate, group: list[Candidate]) -> str:
    names = " and ".join(f"{one.distribution} {one.version}" for one in group)
    others = sorted({one.distribution for one in group if one.distribution != candidate.distribution})
    way_out = others[0] if others else candidate.distribution
    return (
        f"The plugin name {candidate.name} is declared twice, by {names}, so neither is loaded; "
        f"keep one of them: `pip uninstall {way_out}`."
    )
