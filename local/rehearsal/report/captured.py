"""Captured changes held against the database: each one is in raw, in order, and raw comes to the tables as they are.

A change is known by its operation, its key and, but for a delete, its `updated_at`, which no two changes share.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlparse

import pyarrow.parquet as pq
from psycopg2 import sql

from contracts import Contracts, SourceTable
from contracts.cdc import OPERATION as OP
from local.rehearsal import capture
from local.rehearsal.capture import Committed
from local.rehearsal.clients import client
from local.rehearsal.replay import Change
from local.site import Site

LOAD = "LOAD"
Identity = tuple[Any, ...]
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class TableTally:
    """What became of one table's rows and changes."""

    rows: int
    """In the database, at the end."""
    filled: int
    """In the database, before the first change."""
    committed: int
    """Changes."""
    loaded: int
    """Rows in the files of the full load."""
    files: dict[str, int]
    """load, changes -> files in raw."""
    landed: dict[str, int]
    """Op -> rows in the files of changes, repeats included."""
    missing: int
    """Changes that did not land."""
    repeated: int
    """Rows of changes that had landed before. At least once is what DMS promises."""
    out_of_order: int
    """Keys whose changes landed in another order than they were committed."""
    unexpected: int
    """Changes that landed and were never made."""
    different: int
    """Keys whose row, as raw has it, is not that of the database."""

    @property
    def problems(self) -> list[str]:
        """What breaks a promise, in words; a repeat breaks none."""
        told = {"missing": self.missing, "out of order": self.out_of_order, "unexpected": self.unexpected}
        found = [f"{count} changes {what}" for what, count in told.items() if count]
        if self.loaded != self.filled:
            found.append(f"{self.filled} rows were there at the full load, {self.loaded} landed")
        if self.different:
            found.append(f"{self.different} rows in raw are not those of the database")
        return found

    def as_dict(self) -> dict[str, Any]:
        """Give what report.json has of it."""
        return {**vars(self), "complete": not self.problems}


def tally_tables(site: Site, data: Contracts, committed: Committed) -> dict[str, TableTally]:
    """Give the tally of every table of the source, by its name.

    Reads every file of the tables in raw, found by the catalog, and both tables whole.
    """
    tallies = {}
    with closing(capture.connect(site, data)) as connection:
        for table in data.source_tables:
            files = dict(_files(site, table))
            made = [change for change in committed.changes if change.table == table.name]
            tallies[table.name] = tally(
                files, made, committed.filled[table.name], _rows(connection, table), table.primary_key
            )
    return tallies


def landed_changes(site: Site, table: SourceTable) -> list[Row]:
    """Read all rows of a table's files of changes, in order."""
    files = dict(_files(site, table))
    return [row for name in sorted(files) if not name.startswith(LOAD) for row in files[name]]


def count_differences(site: Site, data: Contracts, table: SourceTable) -> int:
    """Count the keys whose row, as raw has it, is not that of the database."""
    files, key = dict(_files(site, table)), table.primary_key
    loaded = [row for name, rows in files.items() if name.startswith(LOAD) for row in rows]
    with closing(capture.connect(site, data)) as connection:
        return _different(rebuild(loaded, landed_changes(site, table), key), _rows(connection, table), key)


def tally(
    files: Mapping[str, Sequence[Row]],
    made: Sequence[Change],
    filled: int,
    rows: Sequence[Row],
    key: Sequence[str],
) -> TableTally:
    """Hold a table's files in raw against what was committed and what the table holds.

    Args:
        files: name -> rows, with OP; in any order.
        made: the changes in the order of their commits. filled: rows before the first of them.
        rows: the table at the end.
    """
    loads = [name for name in files if name.startswith(LOAD)]
    later = sorted(files.keys() - set(loads))
    loaded = [row for name in loads for row in files[name]]
    arrived = [row for name in later for row in files[name]]
    wanted = [(change.op, (change.key,), change.values.get("updated_at")) for change in made]
    seen = list(dict.fromkeys(_identity(row, key) for row in arrived))
    return TableTally(
        rows=len(rows),
        filled=filled,
        committed=len(made),
        loaded=len(loaded),
        files={"load": len(loads), "changes": len(later)},
        landed={op: sum(row[OP] == op for row in arrived) for op in "IUD"},
        missing=len(set(wanted) - set(seen)),
        repeated=len(arrived) - len(seen),
        out_of_order=_misordered(wanted, seen),
        unexpected=len(set(seen) - set(wanted)),
        different=_different(rebuild(loaded, arrived, key), rows, key),
    )


def rebuild(loaded: Iterable[Row], arrived: Iterable[Row], key: Sequence[str]) -> dict[Identity, Row]:
    """Rebuild the table as raw has it: of each key the last row, unless that is a delete."""
    last: dict[Identity, Row] = {}
    for row in (*loaded, *arrived):
        last[tuple(row[name] for name in key)] = row
    return {identity: row for identity, row in last.items() if row[OP] != "D"}


def _identity(row: Row, key: Sequence[str]) -> Identity:
    when = None if row[OP] == "D" else row["updated_at"]
    return row[OP], tuple(row[name] for name in key), when


def _misordered(wanted: Sequence[Identity], seen: Sequence[Identity]) -> int:
    """Keys of which the changes that landed are not in the order of their commits."""
    known, came = set(wanted), set(seen)
    by_key: list[dict[Identity, list[Identity]]] = [{}, {}]
    for side, identities in enumerate(([w for w in wanted if w in came], [s for s in seen if s in known])):
        for identity in identities:
            by_key[side].setdefault(identity[1], []).append(identity)
    return sum(by_key[1].get(key) != order for key, order in by_key[0].items())


def _different(have: Mapping[Identity, Row], rows: Sequence[Row], key: Sequence[str]) -> int:
    must = {tuple(row[name] for name in key): row for row in rows}
    return sum(
        identity not in have or any(have[identity][name] != value for name, value in row.items())
        for identity, row in must.items()
    ) + len(have.keys() - must.keys())


def _files(site: Site, table: SourceTable) -> Iterator[tuple[str, list[Row]]]:
    raw = table.raw_table
    glue, s3 = client(site, "glue"), client(site, "s3")
    described = glue.get_table(DatabaseName=raw.database, Name=raw.name)["Table"]
    location = urlparse(described["StorageDescriptor"]["Location"])
    prefix = location.path.strip("/") + "/"
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=location.netloc, Prefix=prefix):
        for item in page.get("Contents", []):
            body = s3.get_object(Bucket=location.netloc, Key=item["Key"])["Body"].read()
            yield item["Key"].removeprefix(prefix), pq.read_table(io.BytesIO(body)).to_pylist()


def _rows(connection: Any, table: SourceTable) -> list[Row]:
    names = [column.name for column in table.columns]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT {} FROM {}").format(columns, sql.Identifier(table.schema, table.name)))
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
