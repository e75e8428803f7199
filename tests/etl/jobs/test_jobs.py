"""The jobs against Iceberg in a Glue catalog: increments, watermark, kills, runs at once."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.etl.lake import JobError, Lake, Row, Session, compact, curate_command, expire, named
from tests.etl.samples import ABSENT, line, text

pytestmark = pytest.mark.spark

DAY_1, DAY_2, DAY_3 = "2017-01-01T10:00:00Z", "2017-01-02T10:00:00Z", "2017-01-03T10:00:00Z"
FIRST: list[Row] = [
    (0, 0, text(order="1", time=DAY_1, lines=[line(1), line(2, net_amount=0.01)])),
    (0, 1, text("paid", order="1", time=DAY_1)),
    (0, 2, None),
    (1, 0, text(order="2", time=DAY_2, currency="EUR", country="DE")),
    (1, 1, text(order="2", time=DAY_2, currency="EUR", country="DE")),
    (1, 2, text("delivered", order="3", time=DAY_3)),
    (1, 3, text(order="4", time=DAY_2, country="ZZ", customer_id=ABSENT, channel="web")),
]
SECOND: list[Row] = [
    (0, 3, text("cancelled", order="1", time=DAY_2)),
    (0, 4, text(order="3", time=DAY_3, currency="GBP", country="GB")),
    (0, 5, text("paid", order="1", time=DAY_1)),
    (1, 4, "no JSON"),
]
TABLES = (
    *("curated.orders", "curated.order_lines", "operations.quarantine", "operations.duplicates"),
    *("operations.ledger", "analytics.daily_sales"),
)
NOT_COMPARED = {
    *("run_id", "started_at", "finished_at", "quarantined_at", "found_at"),
    *("source_from_snapshot", "source_to_snapshot"),
}


def contents(lake: Lake, *names: str) -> dict[str, list[str]]:
    """What the tables hold, without what differs from run to run."""
    return {
        name: sorted(repr({k: _plain(v) for k, v in row.items() if k not in NOT_COMPARED}) for row in lake.rows(name))
        for name in names or TABLES
    }


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) and value and isinstance(value[0], tuple) else value


def assert_conserved(lake: Lake) -> None:
    """Every position of raw in one place; the ledger tells of every row, and its sums are what the tables hold."""
    curated = [(e["partition"], e["offset"]) for order in lake.rows("curated.orders") for e in order["events"]]
    places = [
        [(r["partition"], r["offset"]) for r in lake.rows(f"operations.{n}")] for n in ("quarantine", "duplicates")
    ]
    landed = {(r["partition"], r["offset"]) for r in lake.rows("raw.orders")}
    assert sorted([*curated, *places[0], *places[1]]) == sorted(landed)
    ledger = lake.rows("operations.ledger")
    assert [sum(r[n] for r in ledger) for n in ("rows_in", "accepted", "quarantined_rows", "duplicates")] == [
        len(landed),
        len(curated),
        *map(len, places),
    ]


def sales(lake: Lake) -> dict[tuple[date, str], tuple[int, Decimal, Decimal]]:
    return {
        (r["sale_date"], r["currency"]): (r["orders"], r["net_amount"], r["net_amount_eur"])
        for r in lake.rows("analytics.daily_sales")
    }


def test_each_run_takes_what_has_landed_since_the_last_and_the_mart_follows(lake: Lake, jobs: Session) -> None:
    lake.reset()
    assert named(jobs.curate("r0"), "nothing_new")
    assert lake.snapshots("curated.orders") == 0

    first = lake.land(FIRST)
    jobs.curate("r1")
    jobs.build_mart("m1")
    assert_conserved(lake)
    assert sales(lake) == {
        (date(2017, 1, 1), "USD"): (1, Decimal("10.51"), Decimal("9.30")),
        (date(2017, 1, 2), "EUR"): (1, Decimal("10.50"), Decimal("10.50")),
    }

    # Nothing new: nothing written.
    before = [lake.snapshots(name) for name in TABLES]
    assert named(jobs.curate("r2"), "nothing_new")
    assert named(jobs.build_mart("m2"), "nothing_new")
    assert [lake.snapshots(name) for name in TABLES] == before

    # A cancellation empties its day; an order that was only delivered turns out to be placed.
    second = lake.land(SECOND)
    jobs.curate("r3")
    assert named(jobs.build_mart("m3"), "building")[0]["days"] == "2017-01-01 2017-01-03"
    assert_conserved(lake)
    assert sales(lake) == {
        (date(2017, 1, 2), "EUR"): (1, Decimal("10.50"), Decimal("10.50")),
        (date(2017, 1, 3), "GBP"): (1, Decimal("10.50"), Decimal("11.98")),
    }
    orders = {o["order_id"]: o for o in lake.rows("curated.orders")}
    assert {k: (o["status"], o["line_count"]) for k, o in orders.items()} == {
        "1": ("cancelled", 2),
        "2": ("placed", 1),
        "3": ("delivered", 1),
    }

    # A batch of which nothing is accepted moves the watermark too.
    third = lake.land([(2, 0, ""), (2, 1, "[]")])
    jobs.curate("r4")
    assert named(jobs.curate("r5"), "nothing_new")
    assert_conserved(lake)
    ledger = sorted(lake.rows("operations.ledger"), key=lambda r: r["started_at"])
    assert [
        (r["run_id"], r["source_from_snapshot"], r["source_to_snapshot"], r["rows_in"], r["accepted"], r["duplicates"])
        for r in ledger
    ] == [("r1", None, first, 7, 4, 1), ("r3", first, second, 4, 2, 1), ("r4", second, third, 2, 0, 0)]
    assert dict(ledger[0]["quarantined"]) == {"json": 1, "required:customer_id": 1}
    assert dict(ledger[0]["unknown_fields"]) == {"channel": 1}
    assert ledger[0]["code_version"].startswith("1.0.0+")

    # Compaction of both tables hides neither the watermark nor what has landed since.
    lake.land([(2, 2, text("paid", order="2", time=DAY_3))])
    for table in ("raw.orders", "curated.orders"):
        jobs.sql(compact(table))
    jobs.curate("r6")
    assert_conserved(lake)
    assert named(jobs.build_mart("m6"), "building")[0]["days"] == "2017-01-02"

    # With the way back to the watermark gone, all of raw is read, and nothing is taken twice.
    lake.land([(2, 3, text("shipped", order="2", time=DAY_3))])
    lake.land([FIRST[0], FIRST[2], FIRST[4]])
    jobs.sql(expire("raw.orders"))
    log = jobs.curate("r7")
    assert named(log, "watermark_lost")
    published = named(log, "published")[0]
    assert (published["rows-in"], published["accepted"], published["repeated"]) == ("1", "1", "17")
    assert_conserved(lake)

    # With the head's own snapshots gone, the ledger knows the watermark; raw's need only be the parent of one that
    # is kept. A retry under the name of a run that was committed gets a name of its own.
    lake.land([(2, 4, text("returned", order="2", time=DAY_3))])
    jobs.sql(compact("curated.orders"))
    for table in ("raw.orders", "curated.orders"):
        jobs.sql(expire(table))
    log = jobs.curate("r7")
    assert not named(log, "watermark_lost")
    published = named(log, "published")[0]
    assert (published["run-id"], published["rows-in"], published["repeated"]) == ("r7.2", "1", "0")
    assert_conserved(lake)

    # Somebody has rewritten raw in a way that may have added rows: all of it is read again.
    lake.land([(2, 5, "{}")])
    jobs.sql("UPDATE glue_catalog.raw.orders SET day = '03' WHERE offset = 0")
    log = jobs.curate("r8")
    assert named(log, "raw_overwritten")
    assert named(log, "published")[0]["rows-in"] == "1"
    assert_conserved(lake)

    # The mart cannot tell what changed since it was built, so it is built anew; a dead run's draft goes.
    jobs.sql("ALTER TABLE glue_catalog.analytics.daily_sales CREATE BRANCH draft_of_a_dead_run")
    assert named(jobs.build_mart("m8"), "building")[0]["days"] == "all"
    assert sales(lake) == {
        (date(2017, 1, 2), "EUR"): (1, Decimal("10.50"), Decimal("10.50")),
        (date(2017, 1, 3), "GBP"): (1, Decimal("10.50"), Decimal("11.98")),
    }
    assert list(lake.catalog.load_table("analytics.daily_sales").metadata.refs) == ["main"]


STEPS = (
    "mark curated.orders",
    "merge operations.duplicates",
    "merge curated.order_lines",
    "delete operations.quarantine",
    "merge curated.orders",
    "seal curated.orders",
    "swap curated.orders",
)


def test_killed_after_any_step_and_run_again_all_is_as_if_nothing_had_happened(lake: Lake, jobs: Session) -> None:
    lake.reset()
    lake.land([*FIRST, *SECOND])
    jobs.curate("undisturbed")
    jobs.build_mart("m")
    expected = contents(lake)

    lake.reset()
    lake.land([*FIRST, *SECOND])
    for number, step in enumerate(STEPS):
        lake.curate_killed(f"killed-{number}", step)
    assert lake.rows("operations.ledger") == []
    log = lake.curate("last")
    jobs.build_mart("m")

    # The run that was killed after its commit is entered by the next, which finds nothing else to do.
    assert named(log, "nothing_new")
    assert [r["run_id"] for r in lake.rows("operations.ledger")] == [f"killed-{len(STEPS) - 1}"]
    assert contents(lake) == expected
    assert list(lake.catalog.load_table("curated.orders").metadata.refs) == ["main"]


def test_what_a_killed_run_left_is_removed_even_if_the_next_run_sees_it_otherwise(lake: Lake, jobs: Session) -> None:
    lake.reset()
    # The same key in two partitions: with more landed, another row is the first.
    late = text(order="9", time=DAY_1, lines=[line(1), line(2), line(3)])
    lake.land([(1, 0, late), (1, 1, late), (1, 2, "")])
    lake.curate_killed("killed", "merge curated.order_lines")
    lake.land([(0, 0, text(order="9", time=DAY_1, lines=[line(7)]))])

    jobs.curate("next")

    assert_conserved(lake)
    assert [(r["order_id"], r["line_number"]) for r in lake.rows("curated.order_lines")] == [("9", 7)]
    assert Counter(r["run_id"] for n in ("quarantine", "duplicates") for r in lake.rows(f"operations.{n}")) == {
        "next": 3
    }


@pytest.mark.parametrize("step", ["merge operations.quarantine", "seal curated.orders"])
def test_a_run_that_another_overtakes_starts_over_and_nothing_is_taken_twice(
    lake: Lake, jobs: Session, step: str
) -> None:
    lake.reset()
    lake.land(FIRST)

    log = jobs.curate("slow", after=step, do=curate_command("fast"))

    assert [e["run-id"] for e in named(log, "published")] == ["fast"]
    assert named(log, "attempt_lost")
    assert named(log, "nothing_new")
    assert_conserved(lake)
    assert {r["run_id"] for n in ("ledger", "quarantine", "duplicates") for r in lake.rows(f"operations.{n}")} == {
        "fast"
    }


def test_a_run_starts_over_when_the_head_is_compacted_under_it(lake: Lake, jobs: Session) -> None:
    lake.reset()
    lake.land(FIRST)
    jobs.curate("r1")
    lake.land(SECOND)
    log = jobs.curate("r2", after="merge curated.orders", do={"sql": compact("curated.orders")})

    assert len(named(log, "attempt_lost")) == 1
    assert [e["run-id"] for e in named(log, "published")] == ["r2"]
    assert_conserved(lake)


def test_a_table_that_lacks_a_column_of_its_contract_stops_the_job_before_it_writes(lake: Lake, jobs: Session) -> None:
    lake.reset()
    lake.land(FIRST)
    with lake.catalog.load_table("curated.orders").update_schema() as update:
        update.delete_column("store_id")

    with pytest.raises(
        JobError, match=r"TableError: table curated\.orders lacks store_id, which its contract has: add"
    ):
        jobs.curate("r1")

    assert lake.snapshots("curated.orders") == 0


def test_a_dataset_that_the_contracts_do_not_have_is_named(jobs: Session) -> None:
    command = curate_command("r1")
    command["argv"][command["argv"].index("orders")] = "carts"

    with pytest.raises(JobError, match=r"contracts\.json: datasets has no 'carts'; it has orders"):
        jobs.do(command)
