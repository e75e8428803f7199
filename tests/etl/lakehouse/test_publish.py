"""The job `publish`: one snapshot a state of the table, whole whatever happens, and nothing personal in it."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.etl.lake import (
    COMPILED,
    CONTRACTS,
    EXCHANGE_BUCKET,
    JobError,
    Lake,
    Session,
    compact,
    named,
    publish_command,
)

pytestmark = pytest.mark.spark

AMOUNT = Decimal("10.50")


def sell(lake: Lake, *days: int) -> int:
    """A row of daily_sales a day; gives the table's snapshot."""
    rows = [
        {
            "sale_date": date(2017, 1, day),
            "country": "US",
            "currency": "USD",
            "orders": day,
            "customers": 1,
            "lines": 2,
            "quantity": 3,
            "net_amount": AMOUNT,
            "discount_amount": Decimal("0.00"),
            "net_amount_eur": AMOUNT,
        }
        for day in days
    ]
    return append(lake, "analytics.daily_sales", rows)


def append(lake: Lake, table: str, rows: list[dict[str, Any]]) -> int:
    target = lake.catalog.load_table(table)
    target.append(pa.Table.from_pylist(rows, schema=target.schema().as_arrow()))
    return int(target.metadata.current_snapshot_id or 0)


def manifest(name: str) -> dict[str, Any]:
    body = boto3.client("s3").get_object(Bucket=EXCHANGE_BUCKET, Key=f"exchange/{name}/manifest.json")["Body"]
    found: dict[str, Any] = json.loads(body.read())
    return found


def keys(name: str) -> list[str]:
    """Every file of every snapshot."""
    listed = boto3.client("s3").list_objects_v2(Bucket=EXCHANGE_BUCKET, Prefix=f"exchange/{name}/snapshot=")
    return sorted(found["Key"] for found in listed.get("Contents", []))


def read(told: dict[str, Any]) -> pa.Table:
    """What a reader gets who trusts nothing: each file that the manifest names, held against what it says."""
    tables = []
    for file in told["files"]:
        body = boto3.client("s3").get_object(Bucket=EXCHANGE_BUCKET, Key=file["key"])["Body"].read()
        assert file["key"].startswith(told["prefix"])
        assert (len(body), sha256(body).hexdigest()) == (file["bytes"], file["sha256"])
        tables.append(pq.read_table(io.BytesIO(body)))
        assert tables[-1].num_rows == file["rows"]
    whole = pa.concat_tables(tables)
    assert whole.num_rows == told["rows"]
    assert whole.column_names == [column["name"] for column in told["schema"]]
    return whole


def days(told: dict[str, Any]) -> list[int]:
    return sorted(d.day for d in read(told)["sale_date"].to_pylist())


def ledger(lake: Lake) -> list[tuple[Any, ...]]:
    rows = sorted(lake.rows("operations.ledger"), key=lambda r: (r["dataset"], r["started_at"]))
    for r in rows:
        assert (r["job"], r["quarantined_rows"], r["duplicates"]) == ("publish", 0, 0)
        assert r["rows_in"] == r["accepted"]
    return [(r["dataset"], r["run_id"], r["source_from_snapshot"], r["source_to_snapshot"], r["rows_in"]) for r in rows]


def test_the_same_data_is_published_once_and_a_new_snapshot_of_the_table_anew(lake: Lake, jobs: Session) -> None:
    lake.reset()
    one = sell(lake, 1, 2)
    assert named(jobs.publish("r1", "daily_sales"), "published")[0]["rows"] == 2
    first = manifest("daily_sales")
    assert first["dataset"] == "daily_sales"
    assert first["prefix"] == f"exchange/daily_sales/snapshot={first['snapshot']}/"
    assert first["snapshot"].startswith(f"{one}-")
    assert datetime.fromisoformat(first["published_at"]).tzinfo == UTC
    assert first["schema"] == COMPILED["exchanges"]["daily_sales"]["columns"]
    assert days(first) == [1, 2]
    assert read(first).schema.field("net_amount").type == pa.decimal128(18, 2)

    # Compaction is a snapshot of the table, with the same rows.
    jobs.sql(compact("analytics.daily_sales"))
    assert lake.snapshots("analytics.daily_sales") == 2
    assert named(jobs.publish("r2", "daily_sales"), "nothing_new")
    assert manifest("daily_sales") == first
    assert ledger(lake) == [("exchange/daily_sales", "r1", None, one, 2)]

    two = sell(lake, 3)
    jobs.publish("r1", "daily_sales")
    second = manifest("daily_sales")
    assert days(second) == [1, 2, 3]
    assert second["snapshot"].startswith(f"{two}-")
    assert days(first) == [1, 2], "whoever began to copy the old one may go on"
    # A retry under the name of a run that has published gets a name of its own.
    assert ledger(lake)[1] == ("exchange/daily_sales", "r1.2", one, two, 3)

    # A file that is gone is published again.
    boto3.client("s3").delete_object(Bucket=EXCHANGE_BUCKET, Key=second["files"][0]["key"])
    jobs.publish("r4", "daily_sales")
    assert manifest("daily_sales")["snapshot"] == second["snapshot"]
    assert days(manifest("daily_sales")) == [1, 2, 3]


def test_what_leaves_is_what_the_contract_shares_and_nothing_personal(lake: Lake, jobs: Session) -> None:
    lake.reset()
    moment = datetime(2017, 1, 1, 10, 0, 0, 123456, tzinfo=UTC)
    order = {"order_id": "1", "customer_id": "who-ordered", "store_id": "7", "placed_at": moment, "net_amount": AMOUNT}
    append(lake, "curated.orders", [{**order, "events": [{"event_id": "e", "partition": 0, "offset": 1}]}])

    jobs.publish("r1", "orders")

    told = manifest("orders")
    (row,) = read(told).to_pylist()
    assert (row["order_id"], row["placed_at"], row["net_amount"]) == ("1", moment, AMOUNT)
    table = CONTRACTS.table("curated", "orders")
    assert set(row) == {c.name for c in table.columns} - {"customer_id", "events"}
    for key in keys("orders"):
        assert b"who-ordered" not in boto3.client("s3").get_object(Bucket=EXCHANGE_BUCKET, Key=key)["Body"].read()


def test_killed_before_the_manifest_readers_see_the_old_one_and_the_next_run_completes(
    lake: Lake, jobs: Session
) -> None:
    lake.reset()
    sell(lake, 1)
    jobs.publish("r1", "daily_sales")
    first = manifest("daily_sales")
    sell(lake, 2)
    lake.publish_killed("killed", "write exchange/daily_sales", "daily_sales")
    assert manifest("daily_sales") == first
    assert days(first) == [1]
    (leftover,) = set(keys("daily_sales")) - {f["key"] for f in first["files"]}

    # The killed run's table has moved on, so its folder is nobody's.
    sell(lake, 3)
    jobs.publish("next", "daily_sales")
    second = manifest("daily_sales")
    assert days(second) == [1, 2, 3]
    assert leftover not in keys("daily_sales")
    assert set(keys("daily_sales")) == {f["key"] for told in (first, second) for f in told["files"]}
    assert [run for _, run, *_ in ledger(lake)] == ["r1", "next"]


def test_killed_after_the_manifest_the_next_run_enters_it_and_publishes_nothing(lake: Lake, jobs: Session) -> None:
    lake.reset()
    snapshot = sell(lake, 1)
    lake.publish_killed("killed", "replace exchange/daily_sales", "daily_sales")
    told = manifest("daily_sales")
    assert days(told) == [1]
    assert ledger(lake) == []

    assert named(jobs.publish("next", "daily_sales"), "nothing_new")
    assert manifest("daily_sales") == told
    assert ledger(lake) == [("exchange/daily_sales", "killed", None, snapshot, 1)]


def test_a_run_that_another_overtakes_leaves_its_manifest_alone(lake: Lake, jobs: Session) -> None:
    lake.reset()
    sell(lake, 1)
    log = jobs.publish(
        "slow", "daily_sales", after="write exchange/daily_sales", do=publish_command("fast", "daily_sales")
    )

    assert [e["run_id"] for e in named(log, "published")] == ["fast"]
    assert len(named(log, "attempt_lost")) == 1
    assert named(log, "nothing_new")
    assert days(manifest("daily_sales")) == [1]
    assert [run for _, run, *_ in ledger(lake)] == ["fast"]


def test_files_that_are_gone_before_the_manifest_are_written_again(lake: Lake, jobs: Session) -> None:
    lake.reset()
    sell(lake, 1)
    removed = {"remove": "exchange/daily_sales", "bucket": EXCHANGE_BUCKET}
    log = jobs.publish("r1", "daily_sales", after="write exchange/daily_sales", do=removed)

    assert len(named(log, "attempt_lost")) == 1
    assert days(manifest("daily_sales")) == [1]


def test_an_empty_table_is_published_as_a_file_without_rows(lake: Lake, jobs: Session) -> None:
    lake.reset()
    jobs.publish("r1", "daily_sales")
    never = manifest("daily_sales")
    assert (len(never["files"]), read(never).num_rows) == (1, 0)

    sell(lake, 1)
    jobs.publish("r2", "daily_sales")
    jobs.sql("DELETE FROM glue_catalog.analytics.daily_sales")
    jobs.publish("r3", "daily_sales")
    emptied = manifest("daily_sales")
    assert (len(emptied["files"]), read(emptied).num_rows) == (1, 0)
    assert emptied["snapshot"] != never["snapshot"]


def test_an_exchange_that_fails_stops_no_other_and_is_named(lake: Lake, jobs: Session) -> None:
    lake.reset()
    sell(lake, 1)
    with lake.catalog.load_table("curated.orders").update_schema() as update:
        update.delete_column("store_id")

    with pytest.raises(JobError, match=r"PublishError: not published: orders: TableError: table curated\.orders lacks"):
        jobs.publish("r1", "orders", "daily_sales")

    assert days(manifest("daily_sales")) == [1]
    assert keys("orders") == []


def test_a_column_that_the_table_got_later_is_empty_until_it_is_written(lake: Lake, jobs: Session) -> None:
    lake.reset()
    with lake.catalog.load_table("curated.orders").update_schema() as update:
        update.delete_column("line_count")
    append(lake, "curated.orders", [{"order_id": "1", "store_id": "7"}])
    jobs.sql("ALTER TABLE glue_catalog.curated.orders ADD COLUMN line_count int")

    jobs.publish("r1", "orders")

    (row,) = read(manifest("orders")).to_pylist()
    assert (row["order_id"], row["store_id"], row["line_count"]) == ("1", "7", None)
