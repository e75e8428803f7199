"""What a resource type looks like: its arguments, its outputs, their types, what forces a replacement.

Names are Pulumi's camelCase, as on the wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["string", "number", "integer", "boolean", "asset", "archive", "any", "list", "map", "object", "union"]


@dataclass(frozen=True)
class Type:
    """The type of a value.

    `item` is that of a list or map, `object` names the entry of `Shape.objects`, `members` are those of a
    union. `values` is an enum; an `open` one admits other values as well.
    """

    kind: Kind
    item: Type | None = None
    object: str = ""
    members: tuple[Type, ...] = ()
    values: tuple[Any, ...] = ()
    open: bool = False


ANY = Type("any")


@dataclass(frozen=True)
class Field:
    """One property. A required output is always there: the provider computes it where it is not given."""

    type: Type
    required: bool = False
    replaces: bool = False


Fields = Mapping[str, Field]


@dataclass(frozen=True)
class Shape:
    """A resource type; `objects` holds the nested arguments and outputs by the name of their SDK class."""

    token: str
    inputs: Fields
    outputs: Fields = field(repr=False)
    objects: Mapping[str, Fields] = field(repr=False)
