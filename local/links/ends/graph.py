"""The resources of a state, found by type, id or name, as the readers of the ends look for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from local.links.plan import PlanError

Outputs = dict[str, Any]


class Graph:
    """The resources of a state, secrets in clear."""

    def __init__(self, resources: Iterable[Mapping[str, Any]]) -> None:
        self._by_type: dict[str, dict[str, Outputs]] = {}
        for resource in resources:
            if resource.get("id") and not resource.get("delete"):
                known = {**(resource.get("outputs") or {}), "id": resource["id"]}
                self._by_type.setdefault(resource["type"], {})[resource["id"]] = known

    def of(self, token: str) -> list[Outputs]:
        """All resources of a type, each as its outputs and its id."""
        return list(self._by_type.get(token, {}).values())

    def get(self, token: str, id: str) -> Outputs:
        """The one of this id. Raises: PlanError if there is no such resource."""
        try:
            return self._by_type[token][id]
        except KeyError:
            raise PlanError(f"the graph has no {token} {id!r}, to which another resource refers") from None

    def named(self, token: str, name: str) -> Outputs:
        """The one of this name, or of this id or link: Google takes any of them. Raises: PlanError if there is none."""
        for resource in self.of(token):
            if name in (resource.get("name"), resource["id"], resource.get("selfLink")):
                return resource
        raise PlanError(f"the graph has no {token} {name!r}, to which another resource refers")

    def referring(self, token: str, argument: str, names: tuple[Any, ...]) -> Outputs:
        """The one whose argument is one of the names. Raises: PlanError unless there is exactly one."""
        found = [each for each in self.of(token) if each.get(argument) in names]
        if len(found) != 1:
            raise PlanError(f"{len(found)} resources have the {argument} {names[0]!r}, and not one")
        return found[0]


def tunnel_name(name: str) -> str:
    """azure-1-2 of a resource's name that ends so; any other name as it is."""
    match = re.search(r"[a-z]+-\d-\d$", name)
    return match[0] if match else name
