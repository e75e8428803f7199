"""Translates column types: from what a contract writes to what Iceberg, Hive and JSON Schema call it.

An Iceberg type is written as its JSON serialisation in the table spec: a string for a primitive,
a dict for list, map and struct. Ids of nested fields are given by `with_ids`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from typing import Any

IcebergType = str | dict[str, Any]

DECIMAL = re.compile(r"^decimal\((\d{1,2}),(\d{1,2})\)$")
MAP = re.compile(r"^map<string,(int|long|string)>$")

LOGICAL_DEFAULTS = {"string": "string", "boolean": "boolean", "timestamp": "timestamptz", "date": "date"}
"""ODCS logicalType -> the type a column has when its contract gives no physicalType."""

PHYSICAL_BY_LOGICAL = {
    "string": ("string",),
    "boolean": ("boolean",),
    "timestamp": ("timestamptz",),
    "date": ("date",),
    "integer": ("int", "long"),
    "number": ("decimal(p,s)", "double"),
}

_HIVE = {
    "string": "string",
    "boolean": "boolean",
    "timestamptz": "timestamp",
    "date": "date",
    "int": "int",
    "long": "bigint",
    "double": "double",
}
_JSON = {
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "timestamptz": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "int": {"type": "integer"},
    "long": {"type": "integer"},
    "double": {"type": "number"},
}
_SPARK = {"timestamptz": "timestamp", "long": "bigint"}


def primitive(logical: str, physical: str | None) -> str | None:
    """Return the Iceberg primitive of a property, or None if the pair of types is not one we know."""
    if physical is None:
        return LOGICAL_DEFAULTS.get(logical)
    if logical == "number" and (match := DECIMAL.match(physical)):
        precision, scale = map(int, match.groups())
        return physical if 1 <= precision <= 38 and scale <= precision else None
    return physical if physical in PHYSICAL_BY_LOGICAL.get(logical, ()) else None


def hive(kind: IcebergType) -> str:
    """Return the type as the Glue Data Catalog and Athena write it."""
    if isinstance(kind, str):
        return _HIVE.get(kind, kind)
    if kind["type"] == "list":
        return f"array<{hive(kind['element'])}>"
    if kind["type"] == "map":
        return f"map<{hive(kind['key'])},{hive(kind['value'])}>"
    return "struct<" + ",".join(f"{field['name']}:{hive(field['type'])}" for field in kind["fields"]) + ">"


def spark(kind: str) -> str:
    """Return a primitive as Spark SQL writes it."""
    return _SPARK.get(kind, kind)


def json_schema(kind: str) -> dict[str, Any]:
    """Return a primitive as JSON Schema describes it in a record."""
    return dict(_JSON.get(kind, {"type": "number"}))


def with_ids(columns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the columns with field ids, as Iceberg gives them: one level after the other, from 1."""
    ids = count(1)
    numbered = [{**column, "id": next(ids)} for column in columns]
    return [{**column, "type": _nested(column["type"], ids)} for column in numbered]


def _nested(kind: IcebergType, ids: Iterator[int]) -> IcebergType:
    if isinstance(kind, str):
        return kind
    if kind["type"] == "list":
        return {**kind, "element-id": next(ids), "element": _nested(kind["element"], ids)}
    if kind["type"] == "map":
        return {**kind, "key-id": next(ids), "value-id": next(ids), "value": _nested(kind["value"], ids)}
    numbered = [{**field, "id": next(ids)} for field in kind["fields"]]
    return {**kind, "fields": [{**field, "type": _nested(field["type"], ids)} for field in numbered]}
