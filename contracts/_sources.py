"""Reads a schema object with physicalType `source_table`: a table of a database whose changes are captured."""

from __future__ import annotations

from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty

from contracts import cdc
from contracts._values import (
    NAME,
    Reading,
    classification_of,
    default_classification,
    known_customs,
    name_of,
    primary_key,
    retention_days,
    text_of,
)
from contracts.model import Column, SourceTable


def read_source(
    item: SchemaObject, contract: OpenDataContractStandard, dataset: str, at: str, reading: Reading
) -> SourceTable | None:
    """Return the table, or None after a problem that leaves nothing to build it from."""
    known_customs(item, ("classification",), at, reading)
    name = name_of(item.name, f"{at}.name", reading)
    path = (item.physicalName or "").split(".")
    if len(path) != 3 or not all(NAME.match(part) for part in path):
        rule = "the table's place in PostgreSQL, in lower case: database.schema.table"
        reading.problem(f"{at}.physicalName", item.physicalName, rule)
        return None
    properties = item.properties or []
    key = primary_key(properties, at, reading)
    if not key:
        rule = "a captured table has a primary key: without one DMS ignores updates and deletes"
        reading.problem(f"{at}.properties", None, rule)
    default = default_classification(item, at, reading)
    columns = tuple(_column(prop, f"{at}.properties[{i}]", key, default, reading) for i, prop in enumerate(properties))
    description = text_of(item.description, f"{at}.description", reading)
    database, schema, table = path
    return SourceTable(
        database=database,
        schema=schema,
        name=table,
        dataset=dataset,
        description=description,
        columns=columns,
        physical_types=tuple(prop.physicalType or "" for prop in properties),
        primary_key=key,
        raw_table=cdc.raw_table(
            name=name,
            dataset=dataset,
            description=description,
            columns=columns,
            retention_days=retention_days(contract, f"raw.{name}", reading),
        ),
    )


def _column(prop: SchemaProperty, at: str, key: tuple[str, ...], default: str | None, reading: Reading) -> Column:
    known_customs(prop, (), at, reading)
    name = name_of(prop.name, f"{at}.name", reading)
    if name in (cdc.OPERATION.lower(), cdc.COMMITTED_AT):
        reading.problem(f"{at}.name", name, "a name that DMS gives to a column of its own")
    if name in key and not prop.required:
        reading.problem(f"{at}.required", prop.required, "a field of the primary key is required")
    landed = cdc.landed(prop.physicalType or "")
    if landed is None:
        reading.problem(f"{at}.physicalType", prop.physicalType, f"a PostgreSQL type: {cdc.PHYSICAL_TYPES}")
    elif landed[0] != prop.logicalType:
        reading.problem(f"{at}.logicalType", prop.logicalType, f"{prop.physicalType} has logicalType {landed[0]}")
    return Column(
        name=name,
        type=landed[1] if landed else "string",
        # In the database it may be; in raw a delete of a table without full identity has the key alone.
        required=bool(prop.required),
        description=text_of(prop.description, f"{at}.description", reading),
        classification=classification_of(prop, default, at, reading),
    )
