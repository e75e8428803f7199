from __future__ import annotations

import duckdb

from local.rehearsal.replay import PERIODS
from local.rehearsal.replay.__main__ import table
from local.rehearsal.replay.source import transactions
from local.site import ROOT

PAGE = (ROOT / "docs" / "replay.md").read_text()


def test_the_pages_table_is_what_the_command_prints() -> None:
    assert table(PERIODS["month"]) in PAGE, (
        "run `python -m local.rehearsal.replay month` and put its table into docs/replay.md"
    )


def test_the_pages_figures_of_the_source_are_the_sources() -> None:
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT count(*), count(DISTINCT basket_id), count(DISTINCT household_id), count(DISTINCT store_id), "
            "count(*) FILTER (WHERE quantity = 0), strftime(min(transaction_timestamp), '%Y-%m-%d %H:%M'), "
            "strftime(max(transaction_timestamp), '%Y-%m-%d %H:%M') FROM read_parquet($file)",
            {"file": str(transactions())},
        ).fetchone()
    assert found is not None
    items, baskets, households, stores, without_quantity, first, last = found

    assert f"{items:,} sold items in {baskets:,} baskets of {households:,} households at {stores} stores" in PAGE
    assert f"from {first} to {last} UTC" in PAGE
    assert f"the {without_quantity:,} items with 0" in PAGE


def test_the_year_is_the_whole_source() -> None:
    year = PERIODS["year"]
    with duckdb.connect() as connection:
        outside = connection.execute(
            "SELECT count(*) FROM read_parquet($file) "
            "WHERE transaction_timestamp < $first OR transaction_timestamp >= $end",
            {"file": str(transactions()), "first": year.first, "end": year.end},
        ).fetchone()

    assert outside == (0,)
