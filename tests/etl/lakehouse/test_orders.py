"""The fold of events into orders and the mart over them, against DuckDB, which computes both its own way."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from pyspark.sql import SparkSession

from etl.lakehouse import mart
from etl.lakehouse.contract import ContractError, Field, Job
from etl.lakehouse.orders_record import require_known_events
from local.site import ROOT
from tests.etl.lake import COMPILED, Row
from tests.etl.runs import Books
from tests.etl.samples import JOB, line, text

pytestmark = pytest.mark.spark

ORACLE = (ROOT / "tests/etl/oracle.sql").read_text()
RATES_CSV = ROOT / "contracts/reference/exchange_rates.csv"
KINDS = ("placed", "paid", "shipped", "delivered", "cancelled", "returned")
AMOUNTS = ("line_count", "quantity", "net_amount", "discount_amount", "net_amount_eur")


def random_rows(seed: int, orders: int) -> list[Row]:
    """Good events of orders, late ones and repeats among them, in any order; some orders are never placed."""
    rng = random.Random(seed)
    values: list[str] = []
    for number in range(orders):
        market = rng.choice([("US", "USD"), ("GB", "GBP"), ("CA", "CAD"), ("DE", "EUR")])
        kinds = rng.sample(KINDS, rng.randint(1, 6))
        for kind in kinds:
            # Few instants, so that events of one order often share theirs.
            time = f"2017-03-{rng.randint(1, 4):02d}T{rng.choice(['00:00:00', '12:00:00', '23:59:59'])}Z"
            who = {"country": market[0], "currency": market[1], "customer_id": str(rng.randint(1, 9))}
            lines = {"lines": [random_line(rng, n) for n in range(1, rng.randint(1, 5))]} if kind == "placed" else {}
            values += [text(kind, str(number), time, **who, **lines)] * rng.choice([1, 1, 1, 2])
    rng.shuffle(values)
    return [(0, offset, value) for offset, value in enumerate(values)]


def random_line(rng: random.Random, number: int) -> dict[str, Any]:
    def amount() -> float:
        return rng.choice([0, 1, 5, rng.randint(0, 99_999)]) / 100

    return line(
        number,
        quantity=rng.choice([0, 1, 1_000]),
        net_amount=amount(),
        retail_discount=amount(),
        coupon_discount=rng.choice([None, amount()]),
        coupon_match_discount=amount(),
    )


def oracle(rows: list[Row], question: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.execute("CREATE TABLE raw (partition INT, position BIGINT, value VARCHAR)")
        database.executemany("INSERT INTO raw VALUES (?, ?, ?)", rows)
        database.execute("CREATE TABLE rates AS FROM read_csv(?, header = true, all_varchar = true)", [str(RATES_CSV)])
        database.execute(ORACLE)
        return database.execute(question).fetchall()


def test_orders_and_daily_sales_are_what_duckdb_makes_of_the_same_events(spark: SparkSession) -> None:
    rows = random_rows(seed=7, orders=150)
    books = Books(spark)
    for part in (rows[:200], rows[200:350], rows[350:]):
        books.run(part)

    found = sorted(as_oracle(o) for o in books.orders.values())
    assert found == oracle(rows, "SELECT * FROM orders ORDER BY order_id")
    assert sum(line.net_amount_eur for line in books.lines.values()) == sum(
        o.net_amount_eur for o in books.orders.values() if o.net_amount_eur is not None
    )

    head = ", ".join(f"{name} {kind}" for name, kind in JOB.head.columns.items())
    spark.createDataFrame(list(books.orders.values()), head).createOrReplaceTempView("orders")
    sales = sorted((*r[:7], *map(cents, r[7:])) for r in spark.sql(mart.read_sql("daily_sales")).collect())
    expected = oracle(rows, "SELECT * FROM daily_sales ORDER BY ALL")
    assert sales == expected
    assert len(expected) > 10


def as_oracle(order: Any) -> tuple[Any, ...]:
    """A row as the oracle has it: times in seconds, amounts in cents."""
    times = (order[f"{kind}_at"] for kind in KINDS)
    return (
        *(order[name] for name in ("order_id", "customer_id", "country", "currency", "status")),
        *(time and time.replace(tzinfo=UTC).timestamp() for time in times),
        *(order[name] for name in AMOUNTS[:2]),
        *(cents(order[name]) for name in AMOUNTS[2:]),
    )


def cents(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount * 100)


def folded(spark: SparkSession, *runs: list[str], job: Job = JOB) -> Any:
    """The one order that the runs' events make."""
    books = Books(spark, job)
    offset = 0
    for values in runs:
        books.run([(0, offset + n, value) for n, value in enumerate(values)])
        offset += len(values)
    (order,) = books.orders.values()
    return order


def test_an_event_of_an_order_that_was_never_placed_makes_a_row_without_amounts(spark: SparkSession) -> None:
    order = folded(spark, [text("delivered", time="2017-01-03T00:00:00Z")])

    assert (order.status, order.customer_id, order.placed_at) == ("delivered", "900", None)
    assert order.delivered_at == datetime(2017, 1, 3)
    assert [order[name] for name in AMOUNTS] == [None] * 5


def test_the_row_is_completed_by_placed_whatever_earlier_events_say(spark: SparkSession) -> None:
    order = folded(
        spark,
        [text("paid", time="2017-01-01T00:00:00Z", store_id="999")],
        [text("placed", time="2017-01-02T00:00:00Z")],
    )

    assert (order.status, order.store_id) == ("placed", "330")
    assert (order.line_count, order.quantity, order.net_amount) == (1, 2, Decimal("10.50"))
    assert [e.event_type for e in order.events] == ["paid", "placed"]


def test_a_field_that_record_and_table_share_is_taken_over_without_a_line_of_code(spark: SparkSession) -> None:
    table = replace(JOB.head, columns={**JOB.head.columns, "sales_channel": "string"})
    job = replace(
        JOB,
        fields=(*JOB.fields, Field(name="sales_channel", type="string", required=False)),
        tables={**JOB.tables, "orders": table},
    )

    order = folded(spark, [text("paid", sales_channel="app")], [text("placed", sales_channel="web")], job=job)

    assert (order.sales_channel, order.store_id) == ("web", "330")


def test_late_events_do_not_take_the_status_back(spark: SparkSession) -> None:
    order = folded(
        spark,
        [text("placed", time="2017-01-02T00:00:00Z"), text("delivered", time="2017-01-04T00:00:00Z")],
        [text("paid", time="2017-01-03T00:00:00Z")],
    )

    assert (order.status, order.paid_at) == ("delivered", datetime(2017, 1, 3))


def test_events_of_one_instant_are_in_the_order_of_an_orders_life(spark: SparkSession) -> None:
    order = folded(spark, [text(kind) for kind in reversed(KINDS) if kind != "returned"])

    assert [e.event_type for e in order.events] == ["placed", "paid", "shipped", "delivered", "cancelled"]
    assert order.status == "cancelled"


def test_a_line_keeps_its_day_in_utc(spark: SparkSession) -> None:
    books = Books(spark)
    books.run([(0, 0, text(time="2017-01-01T00:30:00+02:00", currency="EUR"))])

    (found,) = books.lines.values()

    assert (found.placed_at, found.placed_date) == (datetime(2016, 12, 31, 22, 30), date(2016, 12, 31))


def test_a_contract_with_an_event_that_the_fold_does_not_know_is_refused() -> None:
    compiled = COMPILED["datasets"]["orders"]
    rules = [{**r, "values": [*r["values"], "lost"]} if r["kind"] == "enum" else r for r in compiled["rules"]]

    with pytest.raises(ContractError, match="the fold of orders does not know lost"):
        require_known_events(Job.load({**compiled, "rules": rules}))


def test_a_contract_with_a_column_that_the_fold_does_not_make_is_refused(spark: SparkSession) -> None:
    compiled = COMPILED["datasets"]["orders"]
    head = compiled["tables"]["orders"]
    wider = {**head, "columns": [*head["columns"], {"name": "channel", "type": "string"}]}
    job = Job.load({**compiled, "tables": {**compiled["tables"], "orders": wider}})
    books = Books(spark, job=job)

    with pytest.raises(ContractError, match=r"table curated\.orders: contract and fold differ in the columns channel"):
        books.run([(0, 0, text())])
