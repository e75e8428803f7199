"""Both ends of every tunnel, each read from its own cloud's resources alone, out of the state of the real graph.

No end looks at the other one's resources: that they agree is for the daemons to find.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from local.links.ends import aws, azure, google
from local.links.ends.graph import Graph
from local.links.plan import End, Plan, PlanError, Tunnel

__all__ = ["read"]


def read(resources: Iterable[Mapping[str, Any]]) -> Plan:
    """The plan of a state's links.

    Raises: PlanError if there is none, or if an end of a tunnel is without the other one;
        proposals.SpellingError if an end proposes what its cloud does not have.
    """
    graph = Graph(resources)
    ours = list(aws.read_ends(graph))
    others = [*azure.read_ends(graph), *google.read_ends(graph)]
    if not ours and not others:
        raise PlanError("the stack has no links: `novaretail:links` of its file says which there are")
    return Plan(tuple(sorted(_pairs(ours, others), key=lambda tunnel: tunnel.name)), aws.read_zones(graph))


def _pairs(ours: list[End], others: list[End]) -> Iterator[Tunnel]:
    """The ends that look for each other; one end of another cloud may call in vain if its namesake is heard."""
    wanted = {(end.address, end.remote): end for end in ours}
    tried: dict[str, list[str]] = {}
    heard: set[str] = set()
    for other in others:
        end = wanted.pop((other.remote, other.address), None)
        tried.setdefault(other.name, []).append(f"{other.address} looks for {other.remote}")
        if end is not None:
            heard.add(other.name)
            yield Tunnel(end, other)
    lonely = [f"{name}: {', '.join(told)}, and AWS does not" for name, told in tried.items() if name not in heard]
    lonely += [f"{end.name}: {end.address} looks for {end.remote}, and nobody there does" for end in wanted.values()]
    if lonely:
        raise PlanError("ends of tunnels that do not find each other:\n" + "\n".join(lonely))
