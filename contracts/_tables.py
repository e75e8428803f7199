"""Reads a schema object with physicalType `table`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty

from contracts import types
from contracts._sharing import Candidate, Sharing, check_columns, read_sharing
from contracts._values import (
    Reading,
    classification_of,
    custom,
    default_classification,
    known_customs,
    name_of,
    prefix_of,
    primary_key,
    primitive_of,
    retention_days,
    text_of,
)
from contracts.model import DATABASE_ZONES, Column, Partition, Table
from contracts.types import IcebergType

TRANSFORMS = ("identity", "year", "month", "day")
TARGETS = ("azure",)
SHARED_DATABASES = ("curated", "analytics")
ROLES = ("head", "mart", "ledger", "quarantine", "duplicates")


def read_table(
    item: SchemaObject, contract: OpenDataContractStandard, dataset: str, at: str, reading: Reading
) -> Table | None:
    """Return the table, or None after a problem that leaves nothing to build it from."""
    known_customs(item, ("classification", "database", "prefix", "role", "shareWith", "sources"), at, reading)
    name = name_of(item.name, f"{at}.name", reading)
    database = custom(item, "database")
    if not isinstance(database, str) or database not in DATABASE_ZONES or database == "raw":
        rule = "custom property `database` is one of: curated, analytics, operations (raw is made from topics)"
        reading.problem(f"{at}.customProperties.database", database, rule)
        return None
    role = custom(item, "role")
    if role is not None and role not in ROLES:
        reading.problem(f"{at}.customProperties.role", role, f"one of: {', '.join(ROLES)}")
    sources = custom(item, "sources") or []
    if not isinstance(sources, list) or not all(isinstance(source, str) for source in sources):
        reading.problem(f"{at}.customProperties.sources", sources, "a list of tables, each as database.name")
        sources = []
    elif (role == "mart") != bool(sources):
        rule = "a mart, and only a mart, names the tables it is built from in custom property `sources`"
        reading.problem(f"{at}.customProperties.sources", sources, rule)
    properties = item.properties or []
    key = primary_key(properties, at, reading)
    if not key:
        reading.problem(f"{at}.properties", None, "a table has a primary key; merges need it")
    default = default_classification(item, at, reading)
    sharing = read_sharing(item, TARGETS, at, reading, by_events=False)
    columns = []
    for index, prop in enumerate(properties):
        here = f"{at}.properties[{index}]"
        known_customs(prop, ("partitionTransform",), here, reading)
        column = name_of(prop.name, f"{here}.name", reading)
        columns.append(
            Column(
                name=column,
                type=_type(prop, here, reading),
                required=bool(prop.required),
                description=text_of(prop.description, f"{here}.description", reading),
                classification=classification_of(prop, default, here, reading),
                shared_with=sharing.targets_of(column) if sharing else (),
            )
        )
        if prop.name in key and not prop.required:
            reading.problem(f"{here}.required", prop.required, "a field of the primary key is required")
    if sharing:
        _check_sharing(sharing, database, columns, reading)
    return Table(
        database=database,
        name=name,
        dataset=dataset,
        prefix=prefix_of(item, name, at, reading),
        description=text_of(item.description, f"{at}.description", reading),
        columns=tuple(columns),
        primary_key=key,
        partition_by=_partitions(properties, at, reading),
        retention_days=retention_days(contract, f"{database}.{name}", reading),
        role=role,
        sources=tuple(sources),
        share_target=sharing.target if sharing else None,
    )


def _check_sharing(sharing: Sharing, database: str, columns: list[Column], reading: Reading) -> None:
    if database not in SHARED_DATABASES:
        rule = f"a table that is shared lies in one of: {', '.join(SHARED_DATABASES)}"
        reading.problem(sharing.at, sharing.target, rule)
    check_columns(sharing, tuple(_candidates(columns)), reading)


def _candidates(columns: list[Column]) -> Iterator[Candidate]:
    nested = "a column that is shared is not nested: nobody checks what is inside"
    for column in columns:
        obstacle = None if isinstance(column.type, str) else nested
        yield Candidate(path=column.name, classification=column.classification, obstacle=obstacle)
        for path in _inside(column.type, column.name):
            yield Candidate(path=path, classification=column.classification, obstacle=nested)


def _inside(kind: IcebergType, path: str) -> Iterator[str]:
    """Yield the paths of what lies in a nested column."""
    if isinstance(kind, str):
        return
    if kind["type"] == "list":
        yield from _inside(kind["element"], path)
    for inner in kind.get("fields", ()):
        yield f"{path}.{inner['name']}"
        yield from _inside(inner["type"], f"{path}.{inner['name']}")


def _partitions(properties: list[SchemaProperty], at: str, reading: Reading) -> tuple[Partition, ...]:
    chosen = []
    for index, prop in enumerate(properties):
        transform = custom(prop, "partitionTransform")
        if not prop.partitioned:
            if transform:
                rule = "a partitionTransform needs `partitioned: true`"
                reading.problem(f"{at}.properties[{index}]", transform, rule)
            continue
        transform = transform or "identity"
        if transform not in TRANSFORMS:
            path = f"{at}.properties[{index}].customProperties.partitionTransform"
            reading.problem(path, transform, f"one of: {', '.join(TRANSFORMS)}")
        elif transform != "identity" and prop.logicalType not in ("date", "timestamp"):
            path = f"{at}.properties[{index}].logicalType"
            reading.problem(path, prop.logicalType, f"{transform} partitions a date or a timestamp")
        chosen.append((prop.partitionKeyPosition or 0, Partition(prop.name or "", transform)))
    return tuple(partition for _, partition in sorted(chosen, key=lambda c: c[0]))


def _type(prop: SchemaProperty, at: str, reading: Reading) -> IcebergType:
    """Return the Iceberg type in JSON form, without field ids."""
    logical, physical = prop.logicalType or "", prop.physicalType
    if logical == "array":
        if prop.items is None:
            reading.problem(f"{at}.items", None, "an array says what its items are")
            return "string"
        return {
            "type": "list",
            "element": _type(prop.items, f"{at}.items", reading),
            "element-required": False,
        }
    if logical == "object":
        if physical and (match := types.MAP.match(physical)):
            return {"type": "map", "key": "string", "value": match.group(1), "value-required": False}
        fields: list[dict[str, Any]] = []
        for index, inner in enumerate(prop.properties or []):
            here = f"{at}.properties[{index}]"
            fields.append(
                {
                    "name": name_of(inner.name, f"{here}.name", reading),
                    "required": bool(inner.required),
                    "type": _type(inner, here, reading),
                    "doc": inner.description or "",
                }
            )
        if not fields:
            rule = "an object has properties, or is a physicalType map<string,int|long|string>"
            reading.problem(f"{at}.properties", physical, rule)
        return {"type": "struct", "fields": fields}
    return primitive_of(prop, ("array", "object"), at, reading) or "string"
