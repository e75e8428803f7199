"""The job `build_mart`: a mart's SQL, for the days whose orders have changed since it was last built.

The head table's snapshots say which days a run of curate changed, and the mart's own commit says up
to which of them it has been built. Rows of these days are replaced, all in one commit; a day without
sales any more loses its rows. When the way back to that snapshot is broken, or somebody else has
written to the head, all days are built again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from . import days, log
from .books import INTENT, RunSummary
from .contract import ContractError, TableSpec
from .iceberg import CATALOG, IcebergTable, Snapshot

SOURCE_SNAPSHOT = "source-snapshot"
BUILT_BY = "mart-run-id"


@dataclass(frozen=True)
class Mart:
    """A mart: one row a day and further keys; `day` is the first column of its key."""

    table: TableSpec
    head: str
    sources: tuple[str, ...]
    sql: str

    @property
    def day(self) -> str:
        return self.table.primary_key[0]


def load(compiled: dict[str, Any], sql: str) -> Mart:
    """Raises: ContractError if the mart has no curated source or its key does not begin with a date."""
    table = TableSpec.load(compiled)
    sources = tuple(compiled["sources"])
    if not sources:
        raise ContractError(f"mart {table.name}: no sources")
    if table.columns[table.primary_key[0]] != "date":
        raise ContractError(f"mart {table.name}: the first column of its key must be a date, the day it is built by")
    return Mart(table, sources[0], sources, sql)


def read_sql(name: str) -> str:
    """Return the text of marts/<name>.sql, which lies beside this package, in the tree and in the archive alike.

    Raises: ContractError if there is none.
    """
    path = Path(__file__).parent.parent / "marts" / f"{name}.sql"
    # The loader reads out of the archive, which a path cannot.
    loader: Any = sys.modules[__name__].__loader__
    try:
        text: bytes = loader.get_data(str(path))
    except OSError as error:
        raise ContractError(f"mart {name}: there is no etl/marts/{name}.sql") from error
    return text.decode()


def build_mart(spark: SparkSession, mart: Mart, run_id: str) -> Snapshot | None:
    """Build the mart up to the head's present; the snapshot committed, or None if no day has changed.

    Raises: TableMovedError if somebody else has written to the mart meanwhile; nothing is committed then.
        TableError if the mart lacks a column of its contract.
    """
    head = IcebergTable(spark, mart.head)
    target = IcebergTable(spark, mart.table.name)
    target.require_columns(mart.table.columns)
    source = head.current()
    since = built_up_to(target)
    if source is None or source.id == since:
        log.info("nothing_new", mart=mart.table.name, source=mart.head, watermark=since)
        return None
    changed = None if since is None else changed_days(head, since)
    if changed is not None and not changed:
        log.info("nothing_new", mart=mart.table.name, source=mart.head, watermark=since)
        return None
    log.info("building", mart=mart.table.name, days="all" if changed is None else days.write(changed))

    target.drop_drafts()
    base = target.current() or target.mark(None, {BUILT_BY: run_id})
    rows = _query(spark, mart, head, source.id)
    gone = "WHEN NOT MATCHED BY SOURCE THEN DELETE"
    if changed is not None:
        rows = rows.where(_within(mart.day, changed))
        gone = f"WHEN NOT MATCHED BY SOURCE AND {_within(f't.{mart.day}', changed)} THEN DELETE"
    draft = target.draft(base)
    draft.merge(rows, mart.table.primary_key, extra=gone)
    published = draft.publish({BUILT_BY: run_id, SOURCE_SNAPSHOT: str(source.id)})
    log.info("published", mart=mart.table.name, run_id=run_id, snapshot=published.id, **published.properties)
    return published


def built_up_to(target: IcebergTable) -> int | None:
    """Return the head's snapshot that the mart was last built from; None if the mart does not tell."""
    for snapshot in target.history():
        if SOURCE_SNAPSHOT in snapshot.properties:
            return int(snapshot.properties[SOURCE_SNAPSHOT])
    return None


def changed_days(head: IcebergTable, since: int) -> set[date] | None:
    """Return the days whose orders changed after a snapshot of the head; None if the snapshots cannot tell.

    A run of curate is, from new to old, its summary, its data and its intent. Compaction changes
    nothing. Anything else was written by somebody who does not say which days it changed.
    """
    changed: set[date] = set()
    run: str | None = None
    for snapshot in head.history():
        if snapshot.id == since:
            return changed
        summary = RunSummary.of(snapshot)
        if summary is not None:
            changed |= days.read(summary.days)
            run = summary.run_id
        elif INTENT in snapshot.properties:
            run = None
        elif run is None and snapshot.operation != "replace":
            log.warning("foreign_change", table=head.name, snapshot=snapshot.id, operation=snapshot.operation)
            return None
    log.warning("watermark_lost", table=head.name, watermark=since)
    return None


def _query(spark: SparkSession, mart: Mart, head: IcebergTable, snapshot: int) -> DataFrame:
    """Return the mart's rows: its SQL over views that are named as the source tables are."""
    for source in mart.sources:
        rows = head.rows(snapshot) if source == mart.head else spark.table(f"{CATALOG}.{source}")
        rows.createOrReplaceTempView(source.partition(".")[2])
    rows = spark.sql(mart.sql)
    if set(rows.columns) != set(mart.table.columns):
        both = ", ".join(sorted(set(rows.columns) ^ set(mart.table.columns)))
        raise ContractError(f"mart {mart.table.name}: its SQL and its contract differ in the columns {both}")
    return rows.select(*(rows[name].cast(kind).alias(name) for name, kind in mart.table.columns.items()))


def _within(column: str, changed: Iterable[date]) -> str:
    spans = (f"{column} BETWEEN DATE'{first}' AND DATE'{last}'" for first, last in days.spans(changed))
    return f"({' OR '.join(spans)})"
