"""Runs of curate in memory: the job's pure functions in the job's order, with lists in the place of tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession

from etl.lakehouse import orders
from etl.lakehouse.contract import Job
from etl.lakehouse.curate import duplicate_rows, quarantine_rows
from etl.lakehouse.judge import judge
from etl.lakehouse.settle import ACCEPTED, Counts, count, settle
from tests.etl import lake
from tests.etl.samples import JOB, RATES

MOMENT = datetime(2017, 1, 2, tzinfo=UTC)
Position = tuple[int, int]


@dataclass
class Books:
    """What the tables hold after some runs."""

    spark: SparkSession
    job: Job = JOB
    orders: dict[str, Row] = field(default_factory=dict)
    lines: dict[tuple[str, int], Row] = field(default_factory=dict)
    quarantine: dict[Position, Row] = field(default_factory=dict)
    duplicates: dict[Position, Row] = field(default_factory=dict)
    counts: list[Counts] = field(default_factory=list)

    def run(self, batch: Iterable[lake.Row]) -> Counts:
        """Curate one batch of raw rows."""
        head = self._frame(self.orders.values(), ", ".join(f"{n} {t}" for n, t in self.job.head.columns.items()))
        settled = settle(
            judge(raw(self.spark, batch), self.job, RATES), orders.events_of(head), self._placed(), self.job.key
        ).localCheckpoint()
        counts = count(settled)
        accepted = settled.where(settled.outcome == ACCEPTED)
        if counts.accepted:
            self.orders.update({r.order_id: r for r in orders.fold(head, accepted, self.job).collect()})
            self.lines.update({(r.order_id, r.line_number): r for r in orders.lines(accepted, self.job).collect()})
        if counts.quarantined:
            rows = quarantine_rows(settled, self.job, "run", MOMENT).collect()
            self.quarantine.update({(r.partition, r.offset): r for r in rows})
        if counts.duplicates:
            rows = duplicate_rows(settled, self.job, "run", MOMENT).collect()
            self.duplicates.update({(r.partition, r.offset): r for r in rows})
        self.counts.append(counts)
        return counts

    @property
    def accepted(self) -> list[Position]:
        return [(e.partition, e.offset) for row in self.orders.values() for e in row.events]

    def totals(self) -> tuple[int, int, dict[str, int], int, dict[str, int]]:
        """What the ledger's rows come to: rows in, accepted, quarantined by rule, duplicates, unknown fields."""
        rules: dict[str, int] = {}
        unknown: dict[str, int] = {}
        for counts in self.counts:
            for sums, part in ((rules, counts.quarantined), (unknown, counts.unknown_fields)):
                for name, number in part.items():
                    sums[name] = sums.get(name, 0) + number
        accepted, duplicates = (sum(getattr(c, n) for c in self.counts) for n in ("accepted", "duplicates"))
        return sum(c.rows_in for c in self.counts), accepted, rules, duplicates, unknown

    def _placed(self) -> DataFrame:
        positions = [("orders", *position) for position in (*self.quarantine, *self.duplicates)]
        return self._frame(positions, "topic string, partition int, offset bigint")

    def _frame(self, rows: Iterable[Any], schema: str) -> DataFrame:
        return self.spark.createDataFrame(list(rows), schema)


def raw(spark: SparkSession, batch: Iterable[lake.Row]) -> DataFrame:
    """Raw rows as the job reads them."""
    rows = [("orders", partition, offset, MOMENT, value) for partition, offset, value in batch]
    return spark.createDataFrame(rows, "topic string, partition int, offset bigint, timestamp timestamp, value string")
