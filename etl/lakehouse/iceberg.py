"""Iceberg tables as a job needs them: their snapshots, MERGE, and commits that carry properties.

Spark SQL's MERGE cannot put properties into the summary of its snapshot, and Iceberg repeats a
commit on whatever state of the table it finds. So a `Draft` is written on a branch, gets its
properties in a snapshot on top, and becomes the table's state in one compare-and-swap, which fails
if the table has moved since the draft began. Readers of the table see all of it or nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.sql import DataFrame, SparkSession

from . import log

CATALOG = "glue_catalog"
MAIN = "main"
DRAFT_PREFIX = "draft_"
PROPERTY_PREFIX = "novaretail."


class TableError(RuntimeError):
    """A table is not as its contract says."""


class TableMovedError(RuntimeError):
    """Somebody else has committed to the table meanwhile; nothing of this run has become visible."""


@dataclass(frozen=True)
class Snapshot:
    """A snapshot of a table. `properties` are those of the summary that are ours, without their prefix."""

    id: int
    parent: int | None
    operation: str
    summary: Mapping[str, str]

    @property
    def properties(self) -> dict[str, str]:
        return {k.removeprefix(PROPERTY_PREFIX): v for k, v in self.summary.items() if k.startswith(PROPERTY_PREFIX)}


class IcebergTable:
    """One table of the catalog; `name` is database.table."""

    def __init__(self, spark: SparkSession, name: str) -> None:
        self.spark = spark
        self.name = name
        self.address = f"{CATALOG}.{name}"
        self._java = self._jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(spark._jsparkSession, self.address)
        self.refresh()

    @property
    def _jvm(self) -> Any:
        return self.spark._jvm

    def refresh(self) -> None:
        """Look at the table's newest state; Spark's catalog keeps tables for a while."""
        self._java.refresh()

    def require_columns(self, columns: Iterable[str]) -> None:
        """Raises: TableError if the table lacks one of the columns."""
        missing = sorted(set(columns) - {field.name() for field in self._java.schema().columns()})
        if missing:
            raise TableError(
                f"table {self.name} lacks {', '.join(missing)}, which its contract has: "
                "add the columns to the table (ALTER TABLE ... ADD COLUMN), then run again"
            )

    def current(self) -> Snapshot | None:
        """Return the snapshot that readers see, as of the last refresh; None for a table never written."""
        return self._snapshot(self._java.currentSnapshot())

    def history(self, snapshot_id: int | None = None) -> Iterator[Snapshot]:
        """Yield the snapshots from the given one (default: the current one) back to the oldest that is kept."""
        found = self.current() if snapshot_id is None else self._snapshot(self._java.snapshot(snapshot_id))
        while found is not None:
            yield found
            found = None if found.parent is None else self._snapshot(self._java.snapshot(found.parent))

    def rows(self, snapshot_id: int | None) -> DataFrame:
        """Return the table as of a snapshot; as of its beginning, hence empty, for None."""
        if snapshot_id is None:
            return self.spark.table(self.address).limit(0)
        return self.spark.read.format("iceberg").option("snapshot-id", snapshot_id).load(self.address)

    def appended(self, after: int, until: int) -> DataFrame:
        """Return the rows of the append snapshots after one snapshot up to another; all between must be kept."""
        reader = self.spark.read.format("iceberg").option("start-snapshot-id", after).option("end-snapshot-id", until)
        return reader.load(self.address)

    def merge(self, rows: DataFrame, keys: Iterable[str], *, extra: str = "", branch: str | None = None) -> None:
        """Merge rows on keys: every column of a row that is there is set, others are inserted.

        Args:
            rows: unique by `keys`; its columns are columns of the table.
            extra: a further clause, such as WHEN NOT MATCHED BY SOURCE (t is the table, s the rows).
        """
        view = f"merge_{uuid.uuid4().hex}"
        target = self.address if branch is None else f"{self.address}.branch_{branch}"
        rows.createOrReplaceTempView(view)
        try:
            self.spark.sql(f"{_merge_statement(target, view, rows.columns, list(keys))} {extra}")
        finally:
            self.spark.catalog.dropTempView(view)
        self.refresh()

    def delete(self, condition: str) -> None:
        """Delete the rows (t) that a SQL condition holds for."""
        self.spark.sql(f"DELETE FROM {self.address} t WHERE {condition}")  # noqa: S608 - see literal()
        self.refresh()

    def delete_without(self, other: IcebergTable, match: str) -> None:
        """Delete the rows (t) for which the other table has no row (o) that matches."""
        self.delete(f"NOT EXISTS (SELECT 1 FROM {other.address} o WHERE {match})")  # noqa: S608

    def mark(self, base: Snapshot | None, properties: Mapping[str, str]) -> Snapshot:
        """Commit a snapshot with properties and no data on top of `base`.

        Raises: TableMovedError if the table was not at `base`; the mark is then there, on top of another.
        """
        append = self._java.newAppend()
        for name, value in properties.items():
            append.set(PROPERTY_PREFIX + name, value)
        append.commit()
        self.refresh()
        # Iceberg repeats a commit that meets another: find ours, and see what it stands on.
        ours = next(s for s in self.history() if all(s.properties.get(k) == v for k, v in properties.items()))
        if ours.parent != (base.id if base else None):
            raise TableMovedError(f"table {self.name}: somebody else has committed at the same moment")
        self.require_current(ours)
        return ours

    def require_current(self, expected: Snapshot) -> None:
        """Raises: TableMovedError if the table is at another snapshot by now."""
        self.refresh()
        now = self.current()
        if now is None or now.id != expected.id:
            found = f"{now.id} ({now.operation})" if now else "none"
            raise TableMovedError(f"table {self.name} is at snapshot {found}, no longer at {expected.id}")

    def draft(self, base: Snapshot) -> Draft:
        """Begin a draft on a branch that starts at `base`."""
        branch = f"{DRAFT_PREFIX}{uuid.uuid4().hex}"
        self._java.manageSnapshots().createBranch(branch, base.id).commit()
        self.refresh()
        return Draft(self, base, branch)

    def drop_drafts(self) -> None:
        """Remove branches of drafts that were never published: their runs were killed."""
        for branch in [name for name in dict(self._java.refs()) if name.startswith(DRAFT_PREFIX)]:
            log.info("draft_removed", table=self.name, branch=branch)
            self._java.manageSnapshots().removeBranch(branch).commit()
            self.refresh()

    def _snapshot(self, java: Any) -> Snapshot | None:
        if java is None:
            return None
        return Snapshot(java.snapshotId(), java.parentId(), java.operation(), dict(java.summary()))


class Draft:
    """The next state of a table, invisible until it is published."""

    def __init__(self, table: IcebergTable, base: Snapshot, branch: str) -> None:
        self._table = table
        self._base = base
        self._branch = branch

    def merge(self, rows: DataFrame, keys: Iterable[str], *, extra: str = "") -> None:
        """Merge as IcebergTable does, on the draft."""
        self._table.merge(rows, keys, extra=extra, branch=self._branch)

    def publish(self, properties: Mapping[str, str]) -> Snapshot:
        """Make the draft the table's state, with properties in its last snapshot's summary.

        Raises: TableMovedError if the table is not where it was when the draft began.
        """
        self._seal(properties)
        return self._swap()

    def _seal(self, properties: Mapping[str, str]) -> None:
        append = self._table._java.newAppend().toBranch(self._branch)
        for name, value in properties.items():
            append.set(PROPERTY_PREFIX + name, value)
        append.commit()

    def _swap(self) -> Snapshot:
        table = self._table
        operations = table._java.operations()
        metadata = operations.refresh()
        draft = metadata.ref(self._branch)
        # Another run has the table if the draft is gone, and if the table is elsewhere.
        if draft is None or metadata.currentSnapshot().snapshotId() != self._base.id:
            raise TableMovedError(f"table {table.name} is no longer at {self._base.id}, where the draft began")
        last = draft.snapshotId()
        builder = table._jvm.org.apache.iceberg.TableMetadata.buildFrom(metadata)
        try:
            # The catalog takes this only if the table's metadata is still what was read above.
            operations.commit(metadata, builder.setBranchSnapshot(last, MAIN).removeRef(self._branch).build())
        except Py4JJavaError as error:
            if error.java_exception.getClass().getSimpleName() != "CommitFailedException":
                raise
            raise TableMovedError(f"table {table.name}: somebody else has committed at the same moment") from error
        table.refresh()
        return next(table.history(last))


def literal(text: str) -> str:
    """Return a text as a literal of Spark SQL."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _merge_statement(target: str, source: str, columns: list[str], keys: list[str]) -> str:
    on = " AND ".join(f"t.`{key}` = s.`{key}`" for key in keys)
    settings = ", ".join(f"t.`{name}` = s.`{name}`" for name in columns if name not in keys)
    names = ", ".join(f"`{name}`" for name in columns)
    values = ", ".join(f"s.`{name}`" for name in columns)
    return (
        f"MERGE INTO {target} t USING {source} s ON {on} "  # noqa: S608 - names come from the contract
        f"WHEN MATCHED THEN UPDATE SET {settings} WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({values})"
    )
