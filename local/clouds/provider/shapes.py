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
    """The type of a value."""

    kind: Kind
    item: Type | None = None
    """Of a list or map."""
    object: str = ""
    """Of an object: its entry in `Shape.objects`."""
    members: tuple[Type, ...] = ()
    """Of a union."""
    values: tuple[Any, ...] = ()
    """Those of an enum."""
    open: bool = False
    """Whether an enum admits other values as well."""


ANY = Type("any")


@dataclass(frozen=True)
class Field:
    """One property."""

    type: Type
    required: bool = False
    """An output that is required is always there: the provider computes it where it is not given."""
    replaces: bool = False
    """Whether the SDK's text says that a change makes another resource."""


Fields = Mapping[str, Field]


@dataclass(frozen=True)
class Shape:
    """What a resource type looks like."""

    token: str
    inputs: Fields
    outputs: Fields = field(repr=False)
    objects: Mapping[str, Fields] = field(repr=False)
    """The nested arguments and outputs, by the name of their SDK class."""
