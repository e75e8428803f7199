"""Topics: the fields of their records, the rules about them, and what of them leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contracts import types
from contracts.model.tables import Table


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A check of one field of a record."""

    name: str
    """Unique among the rules of its topic; records are counted in quarantine by it."""
    field: str
    """The path of the field: `order_id`, `lines[].quantity`."""
    kind: str
    """`range`, with minimum or maximum or both; `pattern`; `enum`, with values."""
    minimum: float | int | None = None
    maximum: float | int | None = None
    pattern: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a record on a topic."""

    name: str
    type: str
    """An Iceberg primitive, or `array` of objects that have `fields`."""
    required: bool
    description: str
    classification: str
    """One of CLASSIFICATIONS: its own, that of its array, or its topic's."""
    conform: str | None = None
    """What its values are brought into: `identifier`, `iso3166`, `iso4217` or `money`."""
    shared_with: tuple[str, ...] = ()
    """The targets to which it may leave AWS; none unless the contract lists it."""
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Share:
    """What of a topic may leave AWS."""

    target: str
    lanes: int
    """The number of ordering keys: records of one Kafka key take the same."""
    fields: tuple[str, ...]
    """The paths of the fields that leave, and no other does: `order_id`, `lines[].quantity`."""


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A Kafka topic whose records are JSON objects."""

    name: str
    dataset: str
    """The name of the dataset whose contract describes it."""
    description: str
    key: str
    """The field that is the Kafka key: records of one key keep their order."""
    natural_key: tuple[str, ...]
    """The fields by which a repeated record is known."""
    partitions: int
    retention_days: int
    """How long Kafka keeps a record; the raw table has a retention of its own."""
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    raw_table: Table
    """The table of raw in which its records land."""
    share: Share | None = None

    @property
    def dead_letter(self) -> str:
        """The topic of what the sink cannot write."""
        return f"{self.name}.dlq"

    @property
    def control(self) -> str:
        """The Iceberg sink's control topic: one a connector, made beforehand (see docs on the lake sink)."""
        return f"{self.name}.control"

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of a record; the schema registry's newest draft is 7."""
        return {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": self.name,
            "description": self.description,
            **_object_schema(self.fields),
        }


def _object_schema(fields: tuple[Field, ...]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for f in fields:
        schema: dict[str, Any]
        if f.type == "array":
            schema = {"type": "array", "items": _object_schema(f.fields) if f.fields else {"type": "string"}}
        else:
            schema = types.json_schema(f.type)
        properties[f.name] = {**schema, "description": f.description}
    return {"type": "object", "properties": properties, "required": [f.name for f in fields if f.required]}
