"""What a contract says, as typed values; `contracts.load` makes them, everything else reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from contracts import types
from contracts.types import IcebergType

ZONES = ("raw", "curated", "analytics")
"""One bucket each: novaretail-<env>-datalake-<zone>."""

DATABASE_ZONES = {"raw": "raw", "curated": "curated", "analytics": "analytics", "operations": "curated"}
"""Glue database -> the zone its tables lie in."""

CDC_FOLDER = "cdc"
"""Folder of raw with the captured changes of database tables, one folder a table."""

EXCHANGE_FOLDER = "exchange"
"""Folder of the zone analytics with the snapshots of shared tables, one folder a table."""

CLASSIFICATIONS = ("public", "internal", "personal")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A check of one field of a record: kind `range` (minimum, maximum), `pattern` or `enum` (values)."""

    name: str
    field: str
    kind: str
    minimum: float | int | None = None
    maximum: float | int | None = None
    pattern: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a record on a topic. `type` is an Iceberg primitive, or "array" with the fields of its items."""

    name: str
    type: str
    required: bool
    description: str
    classification: str
    conform: str | None = None
    shared_with: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table; `type` is the JSON form of its Iceberg type, without field ids."""

    name: str
    type: IcebergType
    required: bool
    description: str
    classification: str
    shared_with: tuple[str, ...] = ()


@dataclass(frozen=True)
class Partition:
    """A partition field: an Iceberg transform (`identity`, `month`, ...) of a column."""

    column: str
    transform: str

    @property
    def name(self) -> str:
        return self.column if self.transform == "identity" else f"{self.column}_{self.transform}"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the catalog: `database`.`name`, stored in the bucket of `zone` below `prefix`.

    format: `iceberg`, or `parquet` for files that another system adds and nobody commits to.
    share_target: where its shared columns are published to as snapshots (see `Exchange`); None: nowhere.
    """

    database: str
    name: str
    dataset: str
    prefix: str
    description: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    partition_by: tuple[Partition, ...]
    retention_days: int
    role: str | None = None
    sources: tuple[str, ...] = ()
    format: str = "iceberg"
    share_target: str | None = None

    @property
    def zone(self) -> str:
        return DATABASE_ZONES[self.database]

    @property
    def full_name(self) -> str:
        return f"{self.database}.{self.name}"

    def iceberg_schema(self) -> dict[str, Any]:
        """The schema as JSON of the Iceberg table spec, with field ids and the key as identifier fields."""
        fields = types.with_ids(
            [{"name": c.name, "required": c.required, "type": c.type, "doc": c.description} for c in self.columns]
        )
        ids = {f["name"]: f["id"] for f in fields}
        return {
            "type": "struct",
            "schema-id": 0,
            "fields": fields,
            "identifier-field-ids": [ids[name] for name in self.primary_key],
        }

    def iceberg_partition_spec(self) -> dict[str, Any]:
        """The partition spec as JSON of the Iceberg table spec; partition fields are numbered from 1000."""
        ids = {f["name"]: f["id"] for f in self.iceberg_schema()["fields"]}
        return {
            "spec-id": 0,
            "fields": [
                {"source-id": ids[p.column], "field-id": 1000 + i, "name": p.name, "transform": p.transform}
                for i, p in enumerate(self.partition_by)
            ],
        }

    def glue_columns(self) -> list[tuple[str, str, str]]:
        """(name, Hive type, comment) of each column, for the Glue Data Catalog."""
        return [(c.name, types.hive(c.type), c.description) for c in self.columns]

    def properties(self, location: str) -> dict[str, str]:
        """Iceberg table properties; data files lie directly below the location, partition by partition."""
        return {
            "format-version": "2",
            "write.format.default": "parquet",
            "write.parquet.compression-codec": "zstd",
            "write.data.path": location,
            "write.metadata.delete-after-commit.enabled": "true",
            "write.metadata.previous-versions-max": "100",
        }

    def report_columns(self) -> tuple[str, ...]:
        """Columns that a report may show: no personal data, and no nested type, which Spectrum cannot select."""
        return tuple(c.name for c in self.columns if c.classification != "personal" and isinstance(c.type, str))


@dataclass(frozen=True)
class Exchange:
    """A table whose shared columns are published to `target` as snapshots, below `prefix` of the zone `zone`."""

    table: Table

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def target(self) -> str:
        return self.table.share_target or ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The shared columns, and no others leave."""
        return tuple(c for c in self.table.columns if self.target in c.shared_with)

    @property
    def zone(self) -> str:
        return "analytics"

    @property
    def prefix(self) -> str:
        return f"{EXCHANGE_FOLDER}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Share:
    """What of a topic may leave to `target`: only `fields` (dotted paths), over `lanes` ordering keys."""

    target: str
    lanes: int
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A Kafka topic whose records are JSON objects of `fields`; `raw_table` is its table in raw."""

    name: str
    dataset: str
    description: str
    key: str
    natural_key: tuple[str, ...]
    partitions: int
    retention_days: int
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    raw_table: Table
    share: Share | None = None

    @property
    def dead_letter(self) -> str:
        return f"{self.name}.dlq"

    @property
    def control(self) -> str:
        """The Iceberg sink's control topic: one a connector, made beforehand (see docs on the lake sink)."""
        return f"{self.name}.control"

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema of a record, for the schema registry, whose newest draft is 7, and for Pub/Sub's readers."""
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


@dataclass(frozen=True, kw_only=True)
class SourceTable:
    """A PostgreSQL table whose changes are captured; `raw_table` is its table in raw.

    physical_types: the PostgreSQL type of each of `columns`; a column's own `type` is the one it has in raw.
    """

    database: str
    schema: str
    name: str
    dataset: str
    description: str
    columns: tuple[Column, ...]
    physical_types: tuple[str, ...]
    primary_key: tuple[str, ...]
    raw_table: Table

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One contract file."""

    name: str
    version: str
    description: str
    owner: str
    topics: tuple[Topic, ...] = ()
    source_tables: tuple[SourceTable, ...] = ()
    tables: tuple[Table, ...] = ()

    @property
    def head(self) -> Table:
        """The curated table whose commit carries the watermark.

        Raises: LookupError if the dataset has none, as marts and the operations dataset.
        """
        for table in self.tables:
            if table.role == "head":
                return table
        raise LookupError(f"dataset {self.name} has no table with role `head`")


@dataclass(frozen=True)
class Contracts:
    """All datasets, by name."""

    datasets: tuple[Dataset, ...] = field(default=())

    @property
    def topics(self) -> tuple[Topic, ...]:
        return tuple(topic for dataset in self.datasets for topic in dataset.topics)

    @property
    def source_tables(self) -> tuple[SourceTable, ...]:
        return tuple(source for dataset in self.datasets for source in dataset.source_tables)

    @property
    def source_database(self) -> str:
        """The database of the captured tables; there is one. Raises: LookupError if nothing is captured."""
        for source in self.source_tables:
            return source.database
        raise LookupError("no contract has a source_table")

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table, the raw tables of topics and of captured tables included."""
        return tuple(self._tables())

    def _tables(self) -> Iterator[Table]:
        for dataset in self.datasets:
            yield from (topic.raw_table for topic in dataset.topics)
            yield from (source.raw_table for source in dataset.source_tables)
            yield from dataset.tables

    @property
    def iceberg_tables(self) -> tuple[Table, ...]:
        return tuple(table for table in self.tables if table.format == "iceberg")

    @property
    def databases(self) -> tuple[str, ...]:
        """The Glue databases in use, in the order of the data's flow."""
        used = {table.database for table in self.tables}
        return tuple(name for name in DATABASE_ZONES if name in used)

    @property
    def marts(self) -> tuple[Table, ...]:
        return tuple(table for table in self.tables if table.role == "mart")

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The tables that are shared by snapshots."""
        return tuple(Exchange(table) for table in self.tables if table.share_target)

    def sources_of(self, mart: Table) -> tuple[str, ...]:
        """The datasets that a mart is built of, by name."""
        return tuple(sorted({self.table(*source.split(".")).dataset for source in mart.sources}))

    @property
    def curated_datasets(self) -> tuple[Dataset, ...]:
        """The datasets that the curate job is run for."""
        return tuple(d for d in self.datasets if any(t.role == "head" for t in d.tables))

    def dataset(self, name: str) -> Dataset:
        return _named(self.datasets, name, "dataset")

    def topic(self, name: str) -> Topic:
        return _named(self.topics, name, "topic")

    def table(self, database: str, name: str) -> Table:
        for table in self.tables:
            if (table.database, table.name) == (database, name):
                return table
        raise LookupError(f"no contract has a table {database}.{name}")

    def operations_table(self, role: str) -> Table:
        """The ledger, quarantine or duplicates table."""
        for table in self.tables:
            if table.database == "operations" and table.role == role:
                return table
        raise LookupError(f"no contract has an operations table with role {role}")


def _named(items: tuple[Any, ...], name: str, kind: str) -> Any:
    for item in items:
        if item.name == name:
            return item
    raise LookupError(f"no contract has a {kind} {name}; there are {', '.join(i.name for i in items) or 'none'}")
