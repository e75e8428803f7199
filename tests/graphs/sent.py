"""The AWS resources of a recorded stack, as the provider would send them; what no rule says anything about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.clouds.provider import names
from local.clouds.provider.kept_shapes import Shapes
from tests.graphs.program import computed as made_up
from tests.graphs.recording import Recording, Registered

SECRET = "4dabf18193072939515e22adb298388d"
SHAPES = Shapes()


@dataclass(frozen=True)
class Finding:
    """A rule that a resource's arguments break; `rule` names its kind, so that an exemption can."""

    resource: str
    type: str
    path: str
    rule: str
    why: str

    def __str__(self) -> str:
        return f"{self.type} {self.resource}: {self.path or 'it'} {self.why} [{self.rule}]"


@dataclass(frozen=True)
class Made:
    """A resource with everything that its service is sent: secrets in plain, a name where the provider gives one."""

    name: str
    type: str
    arguments: Mapping[str, Any]


def made(recording: Recording) -> Iterator[Made]:
    """Every AWS resource of a graph."""
    for resource in recording.resources:
        if resource.custom and resource.type.startswith("aws:"):
            yield Made(resource.name, resource.type, arguments(resource))


def arguments(resource: Registered) -> dict[str, Any]:
    shape = SHAPES.get(resource.type)
    plain = {name: _open(value) for name, value in resource.inputs.items()}
    if shape is None:
        return plain
    filled = names.fill(shape, resource.name, plain, {}, b"")
    filled.pop(names.DEFAULTS, None)
    return filled


def unknowns(recording: Recording) -> Unknowns:
    ids = [f"{resource.name}-id" for resource in recording.resources]
    computed = {
        value
        for resource in recording.resources
        for value in made_up(resource.type, resource.name).values()
        if isinstance(value, str)
    }
    parts = sorted(map(re.escape, [*ids, ":000000000000:"]), key=len, reverse=True)
    return Unknowns(frozenset(computed), re.compile("|".join(parts)))


@dataclass(frozen=True)
class Unknowns:
    """What the mocks made up in the place of an id or an ARN; AWS's own values follow its own rules."""

    computed: frozenset[str]
    parts: re.Pattern[str]

    def made_up(self, value: Any) -> bool:
        if isinstance(value, str):
            return value in self.computed or bool(self.parts.search(value))
        if isinstance(value, Mapping):
            return any(self.made_up(item) for item in value.values())
        return isinstance(value, list) and any(self.made_up(item) for item in value)


def normal(name: str) -> str:
    """A name as all conventions agree on it: no case, no separators, singular."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    if plain.endswith("ies"):
        return plain[:-3] + "y"
    return plain[:-1] if plain.endswith("s") and not plain.endswith("ss") and len(plain) > 3 else plain


def unindexed(path: str) -> str:
    """A path without the places in lists: rules[0].filter is rules.filter."""
    return re.sub(r"\[\d+\]", "", path)


def _open(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _open(value["value"]) if SECRET in value else {key: _open(item) for key, item in value.items()}
    return [_open(item) for item in value] if isinstance(value, list) else value
