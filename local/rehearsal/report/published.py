"""Published snapshots held against their tables: what a reader of the manifest gets is what the table has.

The files are read as any reader would, by the manifest alone, and compared in DuckDB with the table as pyiceberg reads
it from the catalog; neither knows anything of the job that wrote them.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from contracts import Contracts, Exchange
from local.clouds import tables
from local.rehearsal.clients import client
from local.site import Site


@dataclass(frozen=True, kw_only=True)
class SnapshotTally:
    """What became of one shared table."""

    rows: int
    """In the table."""
    snapshot: str = ""
    published: int = 0
    """Rows in the files that the manifest names."""
    files: int = 0
    bytes: int = 0
    missing: int = 0
    """Files that the manifest names and that are not there."""
    altered: int = 0
    """Files whose size, rows or digest is not what the manifest says."""
    different: int = 0
    """Rows that are in one of table and files and not in the other."""
    unshared: int = 0
    """Columns that the contract does not share."""

    @property
    def problems(self) -> list[str]:
        """What is wrong with the snapshot, in words."""
        if not self.snapshot:
            return ["nothing is published"]
        told = {
            "files missing": self.missing,
            "files are not what the manifest says": self.altered,
            "rows are not those of the table": self.different,
            "columns are not shared by the contract": self.unshared,
        }
        return [f"{count} {what}" for what, count in told.items() if count]

    def as_dict(self) -> dict[str, Any]:
        """Give what report.json has of it."""
        return {**vars(self), "complete": not self.problems}


def tally_snapshots(site: Site, data: Contracts, bucket: str) -> dict[str, SnapshotTally]:
    """Give the tally of every shared table, by its name.

    Reads every file that a manifest names, and the tables whole.
    """
    s3 = client(site, "s3")
    tallies = {}
    for exchange in data.exchanges:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{exchange.prefix}/")
        objects = {
            found["Key"]: s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
            for page in pages
            for found in page.get("Contents", [])
        }
        columns = tuple(column.name for column in exchange.columns)
        tallies[exchange.name] = tally(exchange, objects, tables.read(site, exchange.table.full_name, columns))
    return tallies


def tally(exchange: Exchange, objects: Mapping[str, bytes], table: pa.Table) -> SnapshotTally:
    """Hold what lies below the exchange's folder against the table's shared columns."""
    if (text := objects.get(f"{exchange.prefix}/manifest.json")) is None:
        return SnapshotTally(rows=table.num_rows)
    manifest = json.loads(text)
    published = size = missing = altered = unshared = 0
    columns = [column.name for column in exchange.columns]
    parts = [table.schema.empty_table()]
    for file in manifest["files"]:
        body = objects.get(file["key"])
        if body is None or not file["key"].startswith(manifest["prefix"]):
            missing += 1
            continue
        part = pq.read_table(io.BytesIO(body))
        published += part.num_rows
        size += len(body)
        told = (file["bytes"], file["rows"], file["sha256"])
        altered += told != (len(body), part.num_rows, sha256(body).hexdigest())
        unshared = max(unshared, len(set(part.column_names) - set(columns)))
        parts.append(part.select([name for name in columns if name in part.column_names]))
    return SnapshotTally(
        rows=table.num_rows,
        snapshot=manifest["snapshot"],
        published=published,
        files=len(manifest["files"]),
        bytes=size,
        missing=missing,
        altered=altered + (manifest["rows"] != published),
        different=_different(pa.concat_tables(parts, promote_options="permissive"), table, columns),
        unshared=unshared,
    )


def _different(published: pa.Table, table: pa.Table, columns: list[str]) -> int:
    shown = ", ".join(f'"{name}"' for name in columns)
    with duckdb.connect() as connection:
        connection.register("published", published)
        connection.register("held", table)
        only = " UNION ALL ".join(
            f"(SELECT {shown} FROM {one} EXCEPT ALL SELECT {shown} FROM {other})"  # noqa: S608 - names of the contract
            for one, other in (("published", "held"), ("held", "published"))
        )
        row = connection.execute(f"SELECT count(*) FROM ({only})").fetchone()  # noqa: S608
    return int(row[0]) if row else 0
