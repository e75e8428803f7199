"""Holds arguments against botocore's models of the services: enums, patterns, lengths, bounds, what is required.

A model's members are found by name, whatever the convention; what has no member is returned as unmatched, so that
a rule that was never asked does not look like one that was kept.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import botocore.session
import regex
from botocore.model import OperationModel, ServiceModel, Shape, StructureShape

from tests.acceptance.operations import CALLS, PROVIDERS_OWN, Call
from tests.graphs.sent import Finding, Made, Unknowns, normal, unindexed


@functools.cache
def _service(name: str) -> ServiceModel:
    return _session().get_service_model(name)


@functools.cache
def _session() -> Any:
    return botocore.session.Session()


def call_of(type_: str) -> Call | None:
    """The call that makes a type: from the table, or the service's own Create or Put of that name."""
    if type_ in CALLS:
        return CALLS[type_]
    _, module, kind = type_.split(":")
    service = module.split("/")[0]
    if service not in _session().get_available_services():
        return None
    for name in _service(service).operation_names:
        if name in (f"Create{kind}", f"Put{kind}"):
            return Call(service, name)
    return None


def operation(call: Call) -> OperationModel:
    return _service(call.service).operation_model(call.operation)


@dataclass
class Checked:
    """What was asked of one resource, and what it answered."""

    findings: list[Finding] = field(default_factory=list)
    matched: int = 0
    unmatched: list[str] = field(default_factory=list)


def check(resource: Made, call: Call, unknowns: Unknowns) -> Checked:
    shape = operation(call).input_shape
    if shape is None:
        raise ValueError(f"{call.service} {call.operation} takes nothing")
    for part in call.below:
        shape = shape.members[part]
        shape = shape.member if shape.type_name == "list" else shape
    walk = _Walk(resource, call, unknowns)
    walk.structure("", shape, dict(resource.arguments), top=True)
    return walk.checked


class _Walk:
    def __init__(self, resource: Made, call: Call, unknowns: Unknowns) -> None:
        self._resource, self._call, self._unknowns = resource, call, unknowns
        self.checked = Checked()

    def structure(self, path: str, shape: StructureShape, given: Mapping[str, Any], *, top: bool = False) -> None:
        met: set[str] = set()
        for name, value in given.items():
            here = f"{path}.{name}" if path else name
            if value is None or unindexed(here) in self._call.ignored or (top and name in PROVIDERS_OWN):
                continue
            found = self._member(shape, here, name, top=top)
            if found is None:
                self.checked.unmatched.append(here)
                continue
            member, way = found
            met |= {way[0], ".".join(way)}
            self.checked.matched += 1
            self.value(here, member, value)
        required = list(shape.required_members)
        for outer in {way.split(".")[0] for way in met if "." in way}:
            required += [f"{outer}.{name}" for name in getattr(shape.members[outer], "required_members", ())]
        for name in required:
            if name not in met and f"{path}.{name}".lstrip(".") not in self._call.given:
                self._report(path, "required", f"has no {name}, which {self._call.operation} requires")

    def _member(self, shape: StructureShape, path: str, name: str, *, top: bool) -> tuple[Shape, list[str]] | None:
        """The member that an argument is, and the names on the way to it."""
        wanted = self._call.renames.get(unindexed(path))
        if wanted:
            return _below(shape, wanted), wanted.split(".")
        if name == "tags" and "TagSpecifications" in shape.members:
            return _below(shape, "TagSpecifications.Tags"), ["TagSpecifications"]
        members = {normal(key): key for key in shape.members}
        for candidate in self._spellings(path, name, top=top):
            if candidate in members:
                return shape.members[members[candidate]], [members[candidate]]
        if not top:
            return None
        # Terraform flattens one structure of a request into the resource: CreateTable's TableInput.
        inner = [
            (below.members[key], [outer, key])
            for outer, below in shape.members.items()
            if below.type_name == "structure"
            for key in below.members
            if normal(key) == normal(name)
        ]
        return inner[0] if len(inner) == 1 else None

    def _spellings(self, path: str, name: str, *, top: bool) -> list[str]:
        """What a service may call an argument: an alias's `name` AliasName, a plug-in's `arn` customPluginArn."""
        if top:
            kind = normal(self._resource.type.rsplit(":", 1)[-1])
            return [normal(name), kind + normal(name), normal(name) + "document"]
        parent = normal(path.rsplit(".", 2)[-2].split("[")[0])
        return [normal(name), parent + normal(name), normal(name) + "location", normal(name) + "arn"]

    def value(self, path: str, shape: Shape, value: Any) -> None:
        if value is None:
            return
        kind = shape.type_name
        if kind == "structure" and isinstance(value, list):  # a block of which there may be one
            for index, item in enumerate(value):
                self.value(f"{path}[{index}]", shape, item)
        elif kind == "structure" and isinstance(value, Mapping):
            self.structure(path, shape, value)
        elif kind == "list":
            self._list(path, shape, value)
        elif kind != "map" and isinstance(value, list):  # a list of plain values for one of {Value: ...}
            for index, item in enumerate(value):
                self.value(f"{path}[{index}]", shape, item)
        elif kind == "map" and isinstance(value, Mapping):
            for key, item in value.items():
                self.value(f"{path}[{key!r}]", shape.key, key)
                self.value(f"{path}[{key!r}]", shape.value, item)
        elif kind in ("integer", "long", "float", "double"):
            self._number(path, shape, value)
        elif kind == "string" and isinstance(value, str | int | float | bool):
            self._text(path, shape, value)

    def _list(self, path: str, shape: Any, value: Any) -> None:
        pair = _pair(shape) if isinstance(value, Mapping) else None
        if pair:
            for key, item in value.items():
                self.checked.matched += 1
                self.value(f"{path}[{key!r}]", shape.member.members[pair[0]], key)
                self.value(f"{path}[{key!r}]", shape.member.members[pair[1]], item)
            return
        items = value if isinstance(value, list) else [value]
        self._bounds(path, shape.metadata, len(items), "items")
        for index, item in enumerate(items):
            self.value(f"{path}[{index}]", shape.member, item)

    def _number(self, path: str, shape: Shape, value: Any) -> None:
        try:
            number = float(value)
        except (TypeError, ValueError):
            if not self._unknowns.made_up(value):
                self._report(path, "type", f"is {value!r}, not a number")
            return
        self._bounds(path, shape.metadata, number, "")

    def _text(self, path: str, shape: Any, value: Any) -> None:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if self._unknowns.made_up(text):
            return
        if shape.enum and text not in shape.enum:
            self._report(path, "enum", f"is {text!r}, none of {', '.join(shape.enum)}")
        pattern = shape.metadata.get("pattern")
        if pattern and not _compiled(pattern).fullmatch(text):
            self._report(path, "pattern", f"is {text[:200]!r}, which does not match {pattern}")
        self._bounds(path, shape.metadata, len(text), "characters")

    def _bounds(self, path: str, metadata: Mapping[str, Any], size: float, unit: str) -> None:
        for bound, beyond in (("min", lambda limit: size < limit), ("max", lambda limit: size > limit)):
            if bound in metadata and beyond(float(metadata[bound])):
                self._report(path, bound, f"has {size:g} {unit}, {bound} is {metadata[bound]}".replace("  ", " "))

    def _report(self, path: str, rule: str, why: str) -> None:
        self.checked.findings.append(Finding(self._resource.name, self._resource.type, path, rule, why))


def _pair(shape: Any) -> tuple[str, str] | None:
    """The members of a list's pairs, which the provider takes as a map: Key and Value of tags, Name and Value."""
    members = list(shape.member.members) if shape.member.type_name == "structure" else []
    if {"Key", "Value"} <= set(members):
        return "Key", "Value"
    values = [name for name in members if name.lower().endswith("value")]
    keys = [name for name in members if name not in values]
    return (keys[0], values[0]) if len(keys) == len(values) == 1 else None


def _below(shape: Any, way: str) -> Shape:
    for part in way.split("."):
        shape = shape.member if shape.type_name == "list" else shape
        shape = shape.members[part]
    found: Shape = shape
    return found


@functools.cache
def _compiled(pattern: str) -> regex.Pattern[str]:
    # The models' patterns are Java's, whose characters beyond 0xFFFF are pairs.
    return regex.compile(pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF"))
