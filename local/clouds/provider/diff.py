"""What changes between the arguments of the last run and those of this one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from local.clouds.provider import names, types
from local.clouds.provider.assets import Archive, Asset
from local.clouds.provider.check import INTERNAL, join
from local.clouds.provider.shapes import Shape
from local.clouds.provider.types.row import EVERY
from local.clouds.provider.wire import Secret

Kind = Literal["ADD", "DELETE", "UPDATE"]


@dataclass(frozen=True)
class Change:
    """One changed property."""

    path: str
    argument: str
    kind: Kind
    replaces: bool


@dataclass(frozen=True)
class Difference:
    changes: tuple[Change, ...]
    delete_before_replace: bool

    @property
    def arguments(self) -> list[str]:
        """The arguments that differ, by their first name, each once."""
        return list(dict.fromkeys(change.argument for change in self.changes))

    @property
    def replacing(self) -> list[str]:
        return list(dict.fromkeys(change.argument for change in self.changes if change.replaces))


def diff(
    shape: Shape | None, before: Mapping[str, Any], after: Mapping[str, Any], ignored: Iterable[str] = ()
) -> Difference:
    """The changes from `before` to `after`, without those at or below an ignored path.

    A secret equals its plain value, an asset another of the same content, 1 equals 1.0, and a property
    that is null one that is not there.
    """
    paths = [_segments(path) for path in ignored]
    changes = []
    for argument in sorted(before.keys() | after.keys()):
        if argument.startswith(INTERNAL):
            continue
        for path, kind in _compare(join("", argument), before.get(argument), after.get(argument)):
            if not any(_covers(pattern, _segments(path)) for pattern in paths):
                replacing = shape is not None and replaces(shape, path)
                changes.append(Change(path, argument, kind, replacing))
    return Difference(tuple(changes), any(c.replaces for c in changes) and _keeps_its_name(shape, before, after))


def _compare(path: str, before: Any, after: Any) -> Iterator[tuple[str, Kind]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            yield from _compare(join(path, name), before.get(name), after.get(name))
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            old = before[index] if index < len(before) else None
            new = after[index] if index < len(after) else None
            yield from _compare(f"{path}[{index}]", old, new)
    elif not equal(before, after):  # a secret is one value: its parts are not named
        yield path, _kind(before, after)


def replaces(shape: Shape, path: str) -> bool:
    """Whether a change at this path, such as `rules[0].id`, replaces the resource.

    The SDK's texts say so for few arguments only; the type's row lists the others. And for every type another name,
    region, project or resource group is another resource.
    """
    listed = types.row_of(shape.token).replaces
    steps = re.sub(r"\[[^]]*\]", "", path).split(".")
    if listed == EVERY or any(".".join(steps[:length]) in listed for length in range(1, len(steps) + 1)):
        return True
    field = shape.inputs.get(steps[0])
    return types.family_of(shape.token).replaces(shape, steps[0]) or (field is not None and field.replaces)


def equal(left: Any, right: Any) -> bool:
    """Whether two property values mean the same."""
    if isinstance(left, Secret):
        return equal(left.value, right)
    if isinstance(right, Secret):
        return equal(left, right.value)
    if isinstance(left, (Asset, Archive)) and isinstance(right, (Asset, Archive)):
        return bool(left.hash) and left.hash == right.hash and type(left) is type(right)
    if isinstance(left, dict) and isinstance(right, dict):
        return all(equal(left.get(name), right.get(name)) for name in left.keys() | right.keys())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def _kind(before: Any, after: Any) -> Kind:
    return "ADD" if before is None else "DELETE" if after is None else "UPDATE"


def _keeps_its_name(shape: Shape | None, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether old and new would bear one name, so that the old must go first; Pulumi's bridge decides so too."""
    naming = names.naming_of(shape) if shape else None
    argument = naming.argument if naming else "name"
    if argument in after.get(names.DEFAULTS, ()):
        return False
    name = after.get(argument)
    return name is not None and equal(name, before.get(argument))


_SEGMENT = re.compile(r"""\[\s*"((?:[^"\\]|\\.)*)"\s*\]|\[\s*(\d+|\*)\s*\]|\.?([^.\[\]]+)""")


def _segments(path: str) -> list[str]:
    """`a.b[0]["c.d"]` as its parts."""
    return [next(group for group in match.groups() if group is not None) for match in _SEGMENT.finditer(path)]


def _covers(pattern: list[str], path: list[str]) -> bool:
    return len(pattern) <= len(path) and all(p in ("*", s) for p, s in zip(pattern, path, strict=False))
