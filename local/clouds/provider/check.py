"""Holds a resource's arguments against the SDK's own schema, before anything is created.

Every problem of a resource is reported, each with the path of the argument and the rule. Values that are
not known yet are accepted; the content of secrets is checked but never shown.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.clouds.provider import types
from local.clouds.provider.assets import Archive, Asset
from local.clouds.provider.shapes import Fields, Kind, Shape, Type
from local.clouds.provider.wire import UNKNOWN, Secret

INTERNAL = "__"
"""What begins so is between provider and engine, no argument (`__defaults`)."""
_PLAIN: dict[Kind, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "asset": (Asset,),
    "archive": (Archive,),
    "list": (list,),
    "map": (dict,),
    "object": (dict,),
}


@dataclass(frozen=True)
class Failure:
    """One rule that an argument breaks."""

    path: str
    """Empty for the resource as a whole."""
    reason: str


def check(shape: Shape, arguments: Mapping[str, Any]) -> list[Failure]:
    """What is wrong with a resource's arguments, by path; empty if nothing is."""
    found = _Checker(shape).object("", shape.inputs, arguments, shape.token)
    return sorted(found, key=lambda failure: failure.path)  # objects have no order on the wire


def join(path: str, name: str) -> str:
    """The path of a property within a value, as Pulumi writes paths: `a.b[0]["c.d"]`."""
    if not re.fullmatch(r"[A-Za-z_][\w-]*", name):
        return f'{path}["{name}"]'
    return f"{path}.{name}" if path else name


class _Checker:
    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._closes = types.family_of(shape.token).closed_values
        self._free_text = types.row_of(shape.token).free_text

    def _closed(self, path: str) -> bool:
        return self._closes and path not in self._free_text

    def object(self, path: str, fields: Fields, given: Mapping[str, Any], what: str) -> Iterator[Failure]:
        for name, value in given.items():
            if name.startswith(INTERNAL):
                continue
            if name not in fields:
                yield Failure(join(path, name), f"{name!r} is no argument of {what}{_suggest(name, fields)}")
            elif value is not None:
                yield from self.value(join(path, name), fields[name].type, value)
        for name, field in fields.items():
            if field.required and given.get(name) is None:
                yield Failure(join(path, name), f"{name!r} is missing; {what} requires it")

    def value(self, path: str, type_: Type, value: Any) -> Iterator[Failure]:
        if value is UNKNOWN or value is None or type_.kind == "any":
            return
        if isinstance(value, Secret):
            for failure in self.value(path, type_, value.value):
                shown = failure.reason if failure.path != path or not type_.values else _one_of("the value", type_)
                yield Failure(failure.path, shown)
            return
        if type_.kind == "union":
            attempts = [list(self.value(path, member, value)) for member in type_.members]
            if all(attempts):
                # What is wrong with the alternative that was meant, not with those of another kind.
                meant = [
                    found for member, found in zip(type_.members, attempts, strict=True) if _fits(member.kind, value)
                ]
                yield from min(meant or attempts, key=len)
            return
        if not _fits(type_.kind, value):
            yield Failure(path, f"must be {_article(_described(type_))}, not {_article(_kind(value))}")
            return
        if type_.values and value not in type_.values and (self._closed(path) or not type_.open):
            yield Failure(path, _one_of(repr(value), type_) + _suggest(value, type_.values))
        elif type_.kind == "list" and type_.item:
            for index, item in enumerate(value):
                yield from self.value(f"{path}[{index}]", type_.item, item)
        elif type_.kind == "map" and type_.item:
            for name, item in value.items():
                yield from self.value(join(path, name), type_.item, item)
        elif type_.kind == "object":
            yield from self.object(path, self._shape.objects[type_.object], value, path)


def _fits(kind: Kind, value: Any) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, _PLAIN[kind])


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names: dict[type, str] = {str: "string", int: "number", float: "number", list: "list", dict: "object"}
    return names.get(type(value), type(value).__name__.lower())


def _described(type_: Type) -> str:
    described = {"integer": "whole number"}.get(type_.kind, type_.kind)
    if type_.kind in ("list", "map") and type_.item and type_.item.kind != "any":
        return f"{described} of {type_.item.kind}s"
    return described


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"


def _one_of(value: str, type_: Type) -> str:
    return f"{value} is none of {', '.join(map(str, type_.values))}"


def _suggest(given: Any, known: Any) -> str:
    """`; did you mean ...?` if something known is close.

    A name that the SDK did not translate is still in the program's snake_case, and is answered in it.
    """
    if not isinstance(given, str):
        return ""
    candidates = {str(name): str(name) for name in known}
    if "_" in given:
        candidates = {_snake(name): _snake(name) for name in candidates}
    lowered = {name.lower(): name for name in candidates}
    close = difflib.get_close_matches(given.lower(), lowered, n=1, cutoff=0.55)
    return f"; did you mean {lowered[close[0]]!r}?" if close else ""


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
