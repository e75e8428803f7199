"""The main job, end to end on real parts: what `make up` promises is true of what it left."""

from __future__ import annotations

import itertools
import json
import re
import threading
import time
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

import contracts
from local.clouds import services, tables
from local.clouds.engine.engine import Engine
from local.clouds.warehouse import Warehouse
from local.rehearsal import capture, positions, replay
from local.rehearsal.report import captured
from tests.conftest import kill
from tests.platform.conftest import Platform

pytestmark = pytest.mark.platform


def test_the_main_job_has_no_problem_and_says_all_that_was_promised(platform: Platform) -> None:
    report = json.loads((platform.report_folder / "report.json").read_text())

    assert report["problems"] == []
    assert report["stack"] == "local"
    assert set(report) >= {"engine", "datasets", "bridge", "warehouse", "seconds"}
    assert report["engine"]["created"] > 100
    assert report["engine"]["unchanged"] >= report["engine"]["created"]
    assert set(report["engine"]["live_types"]).isdisjoint(report["engine"]["state_only_types"])


def test_every_produced_record_has_landed_by_topic_partition_and_offset(platform: Platform) -> None:
    rows = tables.read(platform.site, "raw.orders", ("topic", "partition", "offset")).to_pylist()
    landed = [(row["partition"], row["offset"]) for row in rows]

    assert {row["topic"] for row in rows} == {"orders"}
    assert sorted(landed) == sorted(positions.in_topic(platform.site, "orders"))


def test_raw_files_lie_by_year_month_and_day_of_the_record(platform: Platform) -> None:
    files = tables.table(platform.site, "raw.orders").inspect.files()["file_path"].to_pylist()

    assert files
    layout = re.compile(r"^s3://novaretail-local-datalake-raw/orders/year=\d{4}/month=\d{2}/day=\d{2}/[^/]+\.parquet$")
    assert [f for f in files if not layout.match(f)] == []
    assert any("/year=2017/month=05/day=01/" in f for f in files)


def test_landed_is_accepted_plus_quarantined_plus_duplicates(platform: Platform) -> None:
    orders = platform.report["datasets"]["orders"]

    assert orders["conserved"] is True
    assert orders["produced"] == orders["landed"] > 0
    assert orders["landed"] == orders["accepted"] + sum(orders["quarantined"].values()) + orders["duplicates"]


def test_each_kind_of_record_met_its_fate(platform: Platform) -> None:
    kinds = platform.report["replay"]["kinds"]
    orders = platform.report["datasets"]["orders"]
    rules = Counter({fate.rule: 0 for fate in replay.FATES.values() if fate.rule})
    for kind, fate in replay.FATES.items():
        assert kinds[kind] > 0, f"the replay has no {kind}"
        if fate.rule:
            rules[fate.rule] += kinds[kind]

    assert orders["quarantined"] == rules
    assert orders["duplicates"] == kinds["exact_repeat"]


def test_daily_sales_equals_an_independent_query_over_the_source_to_the_cent(platform: Platform) -> None:
    query = f"SELECT {', '.join(replay.COLUMNS)} FROM analytics.daily_sales ORDER BY 1, 2, 3"

    got = Warehouse(platform.site).execute(query).rows

    assert list(got) == replay.daily_sales(replay.PERIODS["day"], replay.RATES)
    assert len(got) == 4
    assert all(isinstance(amount, Decimal) for row in got for amount in row[-3:])


def test_the_bridge_lost_nothing_and_kept_the_order_of_every_key(platform: Platform) -> None:
    orders = platform.report["bridge"]["orders"]

    assert orders["received"] > 0
    assert (orders["missing"], orders["out_of_order"]) == (0, 0)
    assert orders["produced"] == orders["received"] - orders["repeated"] + orders["rejected"]
    assert orders["rejected_by_reason"] == replay.kept_back(platform.report["replay"]["kinds"])


def test_what_is_published_for_azure_is_what_the_tables_have(platform: Platform) -> None:
    told = platform.report["exchanges"]

    assert set(told) == {exchange.name for exchange in contracts.load().exchanges}
    for exchange in told.values():
        assert exchange["complete"], exchange
        assert exchange["published"] == exchange["rows"] > 0
        assert exchange["files"] > 0


def test_every_change_of_the_shops_tables_is_in_raw_which_comes_to_the_tables(platform: Platform) -> None:
    told = platform.report["captured"]

    assert told["kinds"] == replay.PER_DAY  # the period is a day
    assert set(told["tables"]) == {table.name for table in contracts.load().source_tables}
    for table in told["tables"].values():
        assert table["complete"], table
        assert table["loaded"] == table["filled"] > 2_000
        assert sum(table["landed"].values()) - table["repeated"] == table["committed"] > 0


def test_a_catalog_reader_finds_the_captured_files_where_the_contract_says(platform: Platform) -> None:
    s3 = platform.client("s3")

    for table in contracts.load().source_tables:
        listed = s3.list_objects_v2(Bucket="novaretail-local-datalake-raw", Prefix=f"{table.raw_table.prefix}/")
        names = [item["Key"].rpartition("/")[2] for item in listed["Contents"]]
        assert names[-1].startswith("LOAD00000001"), "digits come before letters"
        assert all(re.fullmatch(r"LOAD[0-9A-F]{8}\.parquet|\d{8}-\d{9}\.parquet", name) for name in names)


def test_a_kill_of_the_replication_under_load_loses_nothing_that_was_committed(platform: Platform) -> None:
    site, data = platform.site, contracts.load()
    source = next(table for table in data.source_tables if table.name == "products")
    written: list[tuple[int, datetime]] = []
    stopping = threading.Event()

    def write() -> None:
        with closing(capture.connect(site, data)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT product_id FROM shop.products ORDER BY 1 LIMIT 500")
            keys = [key for (key,) in cursor.fetchall()]
            for number, key in enumerate(itertools.cycle(keys)):
                when = datetime(2018, 1, 1) + timedelta(milliseconds=number)
                query = "UPDATE shop.products SET package_size = %s, updated_at = %s WHERE product_id = %s"
                cursor.execute(query, (str(number), when, key))
                written.append((key, when))
                if stopping.is_set():
                    return
                time.sleep(0.001)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            time.sleep(2)
            kill(site, "dms")
            services.start(site, "dms")
    finally:
        stopping.set()
        writer.join()
    capture.await_captured(site, data, capture.log_position(site, data), lambda text: None)

    landed = {
        (row["product_id"], row["updated_at"]) for row in captured.landed_changes(site, source) if row["Op"] == "U"
    }
    assert len(written) > 500
    assert set(written) <= landed
    assert captured.count_differences(site, data, source) == 0


def test_analysts_see_no_personal_data_in_report_views(platform: Platform) -> None:
    columns = Warehouse(platform.site).execute("SELECT * FROM reports.orders LIMIT 1").columns

    personal = {c.name for c in contracts.load().table("curated", "orders").columns if c.classification == "personal"}
    assert personal
    assert personal.isdisjoint(columns)


def test_refresh_sees_what_a_person_removed_by_hand_and_the_next_up_mends_it(platform: Platform) -> None:
    engine = Engine(platform.site, "local")
    glue = platform.client("glue")
    glue.delete_job(JobName="build_mart")

    refreshed = engine.refresh()
    mended = engine.up()

    assert refreshed.changes.get("delete") == 1
    assert mended.changes.get("create") == 1
    assert glue.get_job(JobName="build_mart")["Job"]["Name"] == "build_mart"
