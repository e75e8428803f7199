"""Rows of raw, judged: each record parsed, enforced and conformed by Python workers, in Arrow batches."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame

from .amounts import Rates
from .arrow import arrow_type
from .contract import Field, Job
from .orders_record import LINE_COLUMN, RULES, TOTALS, deriver
from .record import Enforcer

POSITION = ("topic", "partition", "offset")
"""Where a row lies in Kafka: its identity."""
ROW = (*POSITION, "timestamp", "value")
"""What is read of raw."""

_ROW_DDL = "topic string, partition int, offset bigint, timestamp timestamp, value string"
_ROW_ARROW: list[tuple[str, pa.DataType]] = [
    ("topic", pa.string()),
    ("partition", pa.int32()),
    ("offset", pa.int64()),
    ("timestamp", pa.timestamp("us", tz="UTC")),
    ("value", pa.string()),
]


def judge(rows: DataFrame, job: Job, rates: Rates) -> DataFrame:
    """Judge each row of ROW columns.

    Returns: the position and timestamp; `value`, kept for broken records only; `failures`
        array<struct<rule, reason>>, empty for a good record; `unknown`, paths of fields that the
        contract does not name; `key`, the record's natural key as a JSON array, and `record`, the
        conformed record, both NULL for a broken one.
    """
    schema = arrow_type(record_columns(job))
    output = pa.schema(
        [
            *_ROW_ARROW,
            ("failures", pa.list_(pa.struct([("rule", pa.string()), ("reason", pa.string())]))),
            ("unknown", pa.list_(pa.string())),
            ("key", pa.string()),
            ("record", schema),
        ]
    )
    ddl = (
        f"{_ROW_DDL}, failures array<struct<rule:string,reason:string>>, unknown array<string>, key string, "
        f"record {_ddl(record_columns(job))}"
    )

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        enforcer = Enforcer(job, deriver(job, rates), RULES)
        for batch in batches:
            judged = [_judged(enforcer, job.key, row) for row in batch.to_pylist()]
            yield pa.RecordBatch.from_pylist(judged, schema=output)

    # A few files of raw would be read by one task; judging is what costs, so every core gets a part.
    spread = rows.select(*ROW).repartition(rows.sparkSession.sparkContext.defaultParallelism)
    return spread.mapInArrow(work, ddl)


def record_columns(job: Job) -> dict[str, Any]:
    """Return the columns of `record`: name -> Spark type, or for an array the columns of its elements."""
    totals = {name: job.head.columns[name] for name in TOTALS}
    line_type = next(t.columns[LINE_COLUMN] for t in job.tables.values() if "line_number" in t.columns)
    columns = _columns(job.fields)
    columns["lines"] = [{**columns["lines"][0], LINE_COLUMN: line_type}]
    return {**columns, "totals": totals}


def _columns(fields: Iterable[Field]) -> dict[str, Any]:
    return {f.name: [_columns(f.fields)] if f.type == "array" else f.type for f in fields}


def _judged(enforcer: Enforcer, key: tuple[str, ...], row: dict[str, Any]) -> dict[str, Any]:
    verdict = enforcer.judge(row["value"])
    values = verdict.values
    row["failures"] = [{"rule": rule, "reason": reason} for rule, reason in verdict.failures]
    row["unknown"] = verdict.unknown
    row["record"] = values
    row["key"] = None if values is None else json.dumps([values[k] for k in key], ensure_ascii=False, default=str)
    if values is not None:
        row["value"] = None
    return row


def _ddl(columns: Any) -> str:
    if isinstance(columns, str):
        return columns
    if isinstance(columns, list):
        return f"array<{_ddl(columns[0])}>"
    return f"struct<{','.join(f'`{name}`:{_ddl(kind)}' for name, kind in columns.items())}>"
