"""The tally of published snapshots finds what is missing, altered, different or should not have left."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import contracts
from local.rehearsal.report.published import SnapshotTally, tally

EXCHANGE = next(e for e in contracts.load().exchanges if e.name == "orders")
SCHEMA = pa.schema(
    [
        (column.name, {"timestamptz": pa.timestamp("us", tz="UTC"), "int": pa.int32(), "long": pa.int64()}[kind])
        if (kind := str(column.type)) in ("timestamptz", "int", "long")
        else (column.name, pa.decimal128(14, 2) if kind.startswith("decimal") else pa.string())
        for column in EXCHANGE.columns
    ]
)


def order(number: int, **other: Any) -> dict[str, Any]:
    row = {"order_id": str(number), "placed_at": datetime(2017, 5, 1, tzinfo=UTC), "net_amount": Decimal("1.50")}
    return {**row, **other}


TABLE = pa.Table.from_pylist([order(1), order(2), order(3)], schema=SCHEMA)
PREFIX = "exchange/orders/snapshot=7-ab/"


def parquet(*rows: dict[str, Any], schema: pa.Schema = SCHEMA) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), file)
    return file.getvalue()


def published(*files: bytes, rows: int = 3, **changed: Any) -> SnapshotTally:
    objects = {f"{PREFIX}part-{number}.parquet": body for number, body in enumerate(files)}
    told = [
        {
            "key": key,
            "bytes": len(body),
            "rows": pq.read_metadata(io.BytesIO(body)).num_rows,
            "sha256": sha256(body).hexdigest(),
            **changed,
        }
        for key, body in objects.items()
    ]
    manifest = {"snapshot": "7-ab", "prefix": PREFIX, "rows": rows, "files": told}
    return tally(EXCHANGE, {**objects, "exchange/orders/manifest.json": json.dumps(manifest).encode()}, TABLE)


def test_a_snapshot_that_is_the_table_has_no_problem_in_whatever_files_and_order() -> None:
    found = published(parquet(order(3)), parquet(order(1), order(2)))

    assert found.problems == []
    assert (found.snapshot, found.rows, found.published, found.files) == ("7-ab", 3, 3, 2)


def test_a_table_without_a_manifest_is_not_published() -> None:
    assert tally(EXCHANGE, {}, TABLE).problems == ["nothing is published"]


WHOLE = parquet(order(1), order(2), order(3))


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (published(parquet(order(1), order(2)), rows=2), "1 rows are not those of the table"),
        (published(parquet(order(1), order(2), order(3), order(3)), rows=4), "1 rows are not those of the table"),
        (
            published(parquet(order(1), order(2), order(3, net_amount=Decimal("1.51")))),
            "2 rows are not those of the table",
        ),
        (published(WHOLE, sha256="0"), "1 files are not what the manifest says"),
        (published(WHOLE, bytes=1), "1 files are not what the manifest says"),
        (published(WHOLE, rows=4), "1 files are not what the manifest says"),
        (published(WHOLE, key="exchange/orders/elsewhere"), "1 files missing"),
        (
            published(
                *[
                    parquet(*(order(n, customer_id="9") for n in (1, 2, 3)), schema=SCHEMA.append(customer))
                    for customer in [pa.field("customer_id", pa.string())]
                ]
            ),
            "1 columns are not shared by the contract",
        ),
    ],
    ids=["lost", "twice", "changed", "digest", "size", "count", "gone", "personal"],
)
def test_what_is_wrong_is_counted(found: SnapshotTally, problem: str) -> None:
    assert problem in found.problems
