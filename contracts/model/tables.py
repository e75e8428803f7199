"""Tables of the lake: what they are made of, where they lie, and what of them is published."""

from __future__ import annotations

from dataclasses import dataclass
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
"""Of a column or a field, from what anybody may know to what is about a person."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table."""

    name: str
    type: IcebergType
    """The JSON form of its Iceberg type, without field ids."""
    required: bool
    description: str
    classification: str
    """One of CLASSIFICATIONS: its own, or its table's."""
    shared_with: tuple[str, ...] = ()
    """The targets to which it may leave AWS; none unless the contract lists it."""


@dataclass(frozen=True)
class Partition:
    """A partition field of an Iceberg table."""

    column: str
    transform: str
    """What Iceberg makes of the column's value: `identity`, `year`, `month` or `day`."""

    @property
    def name(self) -> str:
        return self.column if self.transform == "identity" else f"{self.column}_{self.transform}"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the Glue Data Catalog."""

    database: str
    name: str
    dataset: str
    """The name of the dataset whose contract describes it."""
    prefix: str
    """The folder of its files in the bucket of `zone`, without slashes at its ends."""
    description: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    partition_by: tuple[Partition, ...]
    retention_days: int
    role: str | None = None
    """What it is to its dataset: `raw`, `head`, `mart`, `ledger`, `quarantine`, `duplicates`, or nothing special."""
    sources: tuple[str, ...] = ()
    """The tables that a mart is built from, as database.name."""
    format: str = "iceberg"
    """`iceberg`, or `parquet` for files that another system adds and nobody commits to."""
    share_target: str | None = None
    """Where its shared columns are published to as snapshots (see `Exchange`); None: nowhere."""

    @property
    def zone(self) -> str:
        return DATABASE_ZONES[self.database]

    @property
    def full_name(self) -> str:
        return f"{self.database}.{self.name}"

    def iceberg_schema(self) -> dict[str, Any]:
        """Return the schema as JSON of the Iceberg table spec, with field ids and the key as identifier fields."""
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
        """Return the partition spec as JSON of the Iceberg table spec; partition fields are numbered from 1000."""
        ids = {f["name"]: f["id"] for f in self.iceberg_schema()["fields"]}
        return {
            "spec-id": 0,
            "fields": [
                {"source-id": ids[p.column], "field-id": 1000 + i, "name": p.name, "transform": p.transform}
                for i, p in enumerate(self.partition_by)
            ],
        }

    def glue_columns(self) -> list[tuple[str, str, str]]:
        """Return (name, Hive type, comment) of each column, for the Glue Data Catalog."""
        return [(c.name, types.hive(c.type), c.description) for c in self.columns]

    def properties(self, location: str) -> dict[str, str]:
        """Return Iceberg table properties; data files lie directly below the location, partition by partition."""
        return {
            "format-version": "2",
            "write.format.default": "parquet",
            "write.parquet.compression-codec": "zstd",
            "write.data.path": location,
            "write.metadata.delete-after-commit.enabled": "true",
            "write.metadata.previous-versions-max": "100",
        }

    def report_columns(self) -> tuple[str, ...]:
        """Return the columns that a report may show: none that is personal, or nested, which Spectrum cannot select."""
        return tuple(c.name for c in self.columns if c.classification != "personal" and isinstance(c.type, str))


@dataclass(frozen=True)
class Exchange:
    """A table whose shared columns are published as snapshots."""

    table: Table

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def target(self) -> str:
        """Who reads the snapshots."""
        return self.table.share_target or ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The shared columns, and no others leave."""
        return tuple(c for c in self.table.columns if self.target in c.shared_with)

    @property
    def zone(self) -> str:
        """The zone of the snapshots, whatever the table's own."""
        return "analytics"

    @property
    def prefix(self) -> str:
        """The folder of the snapshots, without slashes at its ends."""
        return f"{EXCHANGE_FOLDER}/{self.name}"
