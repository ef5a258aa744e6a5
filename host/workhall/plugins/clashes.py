"""What two plugins cannot both have: a queue, a socket event, an endpoint. Where two claim one, neither gets it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from workhall.plugins.loader import LoadedPlugin

__all__ = ["find_clashes"]


def find_clashes(plugins: Sequence[LoadedPlugin]) -> dict[str, str]:
    """Return a sentence, by plugin name, for each plugin that claims what another one claims too.

    Neither wins: jobs of a queue must not go to whichever plugin happens to come first in the alphabet.
    """
    owners: defaultdict[str, list[LoadedPlugin]] = defaultdict(list)
    for plugin in plugins:
        for claim in _claims(plugin):
            owners[claim].append(plugin)
    clashes: dict[str, str] = {}
    for claim, claimants in owners.items():
        for plugin in claimants if len(claimants) > 1 else ():
            clashes.setdefault(plugin.candidate.name, _sentence(plugin, claim, claimants))
    return clashes


def _claims(plugin: LoadedPlugin) -> Iterator[str]:
    yield from (f"queue {queue}" for queue in plugin.queues)
    yield from (f"event {event.name}" for event in plugin.events)
    yield from (f"endpoint {one.endpoint.path}" for one in plugin.processors if one.endpoint)


def _sentence(plugin: LoadedPlugin, claim: str, claimants: Sequence[LoadedPlugin]) -> str:
    others = [one.candidate for one in claimants if one is not plugin]
    names = " and ".join(f"{other.name} ({other.distribution} {other.version})" for other in others)
    return (
        f"The plugin {plugin.candidate.name} declares the {claim}, and so does {names}, so neither is loaded; "
        f"keep one of them: `pip uninstall {others[0].distribution}`."
    )
