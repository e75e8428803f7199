"""Renders captured tables: their types, the tables in raw, what DMS is told, and the shop's own DDL.

DMS writes Parquet files to [bucket folder/]schema/table/ and can rename a schema, not move a table to another one.
So every captured schema is called `cdc` in the lake, and a dataset's files lie in cdc/<table>: LOAD00000001.parquet
and on from the full load, then one file a batch of changes, named by its time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from contracts.model import CDC_FOLDER, Column, Contracts, SourceTable, Table

OPERATION = "Op"
"""DMS's column with I, U or D; I for a row of the full load. The Glue Data Catalog knows it in lower case."""

COMMITTED_AT = "cdc_timestamp"
"""DMS's TimestampColumnName: yyyy-MM-dd HH:mm:ss.SSSSSS of the commit. A row of the full load has the time at which the
replication began: every change, also one from during the load, is later."""

_ADDED = (
    (OPERATION.lower(), "I, U or D: the row was inserted (or there at the full load), updated or deleted."),
    (COMMITTED_AT, "When the change was committed, or the full load that has the row began (UTC)."),
)

_TEXT = re.compile(r"^(?:varchar|char)\((\d{1,8})\)$")
_NUMERIC = re.compile(r"^numeric\((\d{1,2}),(\d{1,2})\)$")
_LANDED = {
    "integer": ("integer", "int"),
    "bigint": ("integer", "long"),
    "double precision": ("number", "double"),
    "date": ("date", "date"),
    "timestamp": ("timestamp", "timestamp"),
}

PHYSICAL_TYPES = "bigint, char(n), date, double precision, integer, numeric(p,s), timestamp or varchar(n)"
"""What a captured column may be: types that DMS carries over whole. `text` is a LOB to DMS, which truncates or looks
up each value; numeric without precision is rounded; a boolean comes as text, which the endpoint of S3 cannot change; an
enum or a range becomes a string of a length of its own."""


def landed(physical: str) -> tuple[str, str] | None:
    """Return (ODCS logical type, type in raw) of a PostgreSQL type; None if DMS does not carry it over whole."""
    if match := _TEXT.match(physical):
        return ("string", "string") if 1 <= int(match.group(1)) <= 10_485_760 else None
    if match := _NUMERIC.match(physical):
        precision, scale = map(int, match.groups())
        return ("number", f"decimal({precision},{scale})") if 1 <= precision <= 38 and scale <= precision else None
    return _LANDED.get(physical)


def raw_table(*, name: str, dataset: str, description: str, columns: tuple[Column, ...], retention_days: int) -> Table:
    """Return the raw table of a captured one: every change, with DMS's columns, as plain Parquet, never rewritten.

    No file is expired by its age: a row that never changed is in the file of the full load only, however old that is.
    A person is forgotten by removing the files that name them and loading anew.
    """
    added = tuple(
        Column(name=added, type="string", required=False, description=text, classification="internal")
        for added, text in _ADDED
    )
    return Table(
        database="raw",
        name=name,
        dataset=dataset,
        prefix=f"{CDC_FOLDER}/{name}",
        description=f"Changes as they were captured. {description}",
        columns=(*added, *columns),
        primary_key=(),
        partition_by=(),
        retention_days=retention_days,
        role="raw",
        format="parquet",
    )


def table_mappings(contracts: Contracts) -> dict[str, Any]:
    """Return DMS's table mapping: the captured tables and their described columns, nothing by pattern.

    What a contract does not describe stays in the database: a new column of the source is not replicated before
    somebody has said what it is and how sensitive.
    """
    rules: list[dict[str, Any]] = []

    def add(name: str, kind: str, action: str, locator: dict[str, str], **more: Any) -> None:
        rules.append(
            {
                "rule-type": kind,
                "rule-id": str(len(rules) + 1),
                "rule-name": name,
                "rule-action": action,
                "object-locator": locator,
                **more,
            }
        )

    for source in contracts.source_tables:
        add(f"select-{source.raw_table.name}", "selection", "include", _locator(source), filters=[])
    transform = "transformation"
    for schema in sorted({source.schema for source in contracts.source_tables}):
        locator = {"schema-name": schema}
        add(f"folder-{schema}", transform, "rename", locator, **{"rule-target": "schema", "value": CDC_FOLDER})
    for source in contracts.source_tables:
        name = source.raw_table.name
        if source.name != name:
            add(f"name-{name}", transform, "rename", _locator(source), **{"rule-target": "table", "value": name})
        for column in source.columns:
            locator = {**_locator(source), "column-name": column.name}
            add(f"keep-{name}-{column.name}", transform, "include-column", locator, **{"rule-target": "column"})
    return {"rules": rules}


def _locator(source: SourceTable) -> dict[str, str]:
    return {"schema-name": source.schema, "table-name": source.name}


def source_ddl(contracts: Contracts) -> tuple[str, ...]:
    """Return the statements that make the captured tables in the shop's database, where they are not there yet.

    The whole old row is written to the log (REPLICA IDENTITY FULL): otherwise a delete carries the key alone, and an
    update leaves out long values that it did not touch.
    """
    return tuple(_ddl(contracts))


def _ddl(contracts: Contracts) -> Iterator[str]:
    for schema in sorted({source.schema for source in contracts.source_tables}):
        yield f"CREATE SCHEMA IF NOT EXISTS {schema}"
    for source in contracts.source_tables:
        lines = [
            f"{column.name} {physical}{' NOT NULL' if column.required else ''}"
            for column, physical in zip(source.columns, source.physical_types, strict=True)
        ]
        lines.append(f"PRIMARY KEY ({', '.join(source.primary_key)})")
        yield f"CREATE TABLE IF NOT EXISTS {source.full_name} (\n  " + ",\n  ".join(lines) + "\n)"
        yield f"ALTER TABLE {source.full_name} REPLICA IDENTITY FULL"
