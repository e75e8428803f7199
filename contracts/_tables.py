"""Reads a schema object with physicalType `table`."""

from __future__ import annotations

from typing import Any

from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty

from contracts import types
from contracts._values import (
    Reading,
    classification_of,
    custom,
    known_customs,
    name_of,
    prefix_of,
    primary_key,
    primitive_of,
    retention_days,
    shared_with,
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
    """The table, or None after a problem that leaves nothing to build it from."""
    known_customs(item, ("database", "prefix", "role", "shareWith", "sources"), at, reading)
    name = name_of(item.name, f"{at}.name", reading)
    database = custom(item, "database")
    if database not in DATABASE_ZONES or database == "raw":
        rule = "custom property `database` is one of: curated, analytics, operations (raw is made from topics)"
        reading.problem(f"{at}.customProperties.database", database, rule)
        return None
    role = custom(item, "role")
    if role is not None and role not in ROLES:
        reading.problem(f"{at}.customProperties.role", role, f"one of: {', '.join(ROLES)}")
    sources = custom(item, "sources") or []
    if (role == "mart") != bool(sources):
        rule = "a mart, and only a mart, names the tables it is built from in custom property `sources`"
        reading.problem(f"{at}.customProperties.sources", sources, rule)
    properties = item.properties or []
    key = primary_key(properties, at, reading)
    if not key:
        reading.problem(f"{at}.properties", None, "a table has a primary key; merges need it")
    columns = []
    for index, prop in enumerate(properties):
        here = f"{at}.properties[{index}]"
        known_customs(prop, ("partitionTransform", "share"), here, reading)
        kind, classification = _type(prop, here, reading), classification_of(prop, here, reading)
        columns.append(
            Column(
                name=name_of(prop.name, f"{here}.name", reading),
                type=kind,
                required=bool(prop.required),
                description=text_of(prop.description, f"{here}.description", reading),
                classification=classification,
                shared_with=shared_with(
                    prop, TARGETS, classification, f"{here}.customProperties.share", reading, kind=kind
                ),
            )
        )
        if prop.name in key and not prop.required:
            reading.problem(f"{here}.required", prop.required, "a field of the primary key is required")
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
        share_target=_share_target(item, database, columns, at, reading),
    )


def _share_target(item: SchemaObject, database: str, columns: list[Column], at: str, reading: Reading) -> str | None:
    given = custom(item, "shareWith")
    where = f"{at}.customProperties.shareWith"
    marked = [c.name for c in columns if c.shared_with]
    if given is None:
        if marked:
            rule = "columns are marked as shared, so custom property `shareWith` says with whom"
            reading.problem(where, None, rule)
        return None
    if not isinstance(given, dict) or set(given) != {"target"} or given["target"] not in TARGETS:
        reading.problem(where, given, f"has target (one of: {', '.join(TARGETS)}) and nothing else")
        return None
    if database not in SHARED_DATABASES:
        reading.problem(where, given, f"a table that is shared lies in one of: {', '.join(SHARED_DATABASES)}")
    if not marked:
        reading.problem(where, given, "a table that is shared marks at least one column with `share`")
    return str(given["target"])


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
    """The Iceberg type in JSON form, without field ids."""
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
