"""Where rows end: one place each, whatever the batch, and the same place however batches are cut."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from etl.lakehouse.settle import OTHER_NAMES, UNKNOWN_NAMES
from tests.etl.lake import Row
from tests.etl.runs import Books
from tests.etl.samples import ABSENT, line, text

pytestmark = pytest.mark.spark

few = settings(
    max_examples=4,
    deadline=None,
    # A run of Spark takes a second: no time to make a failing example smaller.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

KINDS = ("placed", "paid", "shipped", "delivered", "cancelled", "returned")


def some_value(rng: random.Random, order: str) -> str | None:
    """One record of an order; one in four is broken in some way."""
    kind = rng.choice(KINDS)
    time = f"2017-0{rng.randint(1, 3)}-{rng.randint(1, 28):02d}T{rng.randint(0, 23):02d}:00:00Z"
    changes: dict[str, Any] = {"country": rng.choice(["US", "us", "DE"]), "currency": rng.choice(["USD", "EUR"])}
    if kind == "placed":
        changes["lines"] = [
            line(n, net_amount=rng.randint(0, 9999) / 100, quantity=rng.randint(0, 9))
            for n in range(1, rng.randint(2, 5))
        ]
    if rng.random() < 0.1:
        changes["channel"] = "web"
    broken: dict[str, Any] = rng.choice(
        [{"customer_id": ABSENT}, {"country": "ZZ"}, {"event_time": "soon"}, {"lines": [line(quantity=-1)]}]
    )
    if rng.random() < 0.2:
        changes.update(broken)
    if rng.random() < 0.05:
        return rng.choice([None, "", "[]", "{"])
    return text(kind, order, time, **changes)


def some_rows(seed: int, size: int = 80) -> list[Row]:
    """Rows as Kafka keeps them: an order in one partition, offsets without gaps; copies of rows among them."""
    rng = random.Random(seed)
    orders = [f"{n}" for n in range(1, size // 4)]
    ends = [0, 0, 0]
    rows: list[Row] = []
    for _ in range(size):
        order = rng.choice(orders)
        partition = int(order) % len(ends)
        rows.append((partition, ends[partition], some_value(rng, order)))
        ends[partition] += 1
        if rng.random() < 0.05:
            rows.append(rng.choice(rows))
    return rows


def cut(rows: list[Row], points: list[int]) -> list[list[Row]]:
    edges = [0, *sorted(p % (len(rows) + 1) for p in points), len(rows)]
    return [rows[a:b] for a, b in pairwise(edges) if b > a]


def assert_conserved(books: Books, rows: list[Row]) -> None:
    ends = [*books.accepted, *books.quarantine, *books.duplicates]
    assert sorted(ends) == sorted({(partition, offset) for partition, offset, _ in rows})
    rows_in, accepted, quarantined, duplicates, _ = books.totals()
    assert rows_in == len(ends)
    assert (accepted, sum(quarantined.values()), duplicates) == (
        len(books.accepted),
        len(books.quarantine),
        len(books.duplicates),
    )
    for counts in books.counts:
        assert counts.rows_in == counts.accepted + counts.quarantined_rows + counts.duplicates


@few
@given(seed=st.integers(0, 2**32), points=st.lists(st.integers(0, 10_000), min_size=1, max_size=3))
def test_the_result_does_not_depend_on_where_runs_begin_and_end(
    spark: SparkSession, seed: int, points: list[int]
) -> None:
    rows = some_rows(seed)
    whole, parts = Books(spark), Books(spark)
    whole.run(rows)
    for part in cut(rows, points):
        parts.run(part)

    assert_conserved(parts, rows)
    assert parts.orders == whole.orders
    assert parts.lines == whole.lines
    assert parts.quarantine == whole.quarantine
    assert parts.duplicates == whole.duplicates
    assert parts.totals() == whole.totals()


@few
@given(seed=st.integers(0, 2**32), points=st.lists(st.integers(0, 10_000), max_size=2))
def test_every_row_ends_in_one_place_even_if_rows_come_in_any_order_and_keys_change_partitions(
    spark: SparkSession, seed: int, points: list[int]
) -> None:
    rng = random.Random(seed)
    rows = [(rng.randint(0, 3), n, value) for n, (_, _, value) in enumerate(some_rows(seed, 40))]
    rows += rng.sample(rows, 5)
    rng.shuffle(rows)
    books = Books(spark)
    for part in cut(rows, points):
        books.run(part)

    assert_conserved(books, rows)


def test_of_equal_keys_the_lowest_position_is_accepted_and_the_others_tell_it(spark: SparkSession) -> None:
    books = Books(spark)

    counts = books.run([(1, 5, text()), (1, 2, text()), (0, 3, text()), (2, 0, text("paid"))])

    assert sorted(books.accepted) == [(0, 3), (2, 0)]
    assert (counts.accepted, counts.duplicates) == (2, 2)
    told = {
        position: (row.key, row.first_topic, row.first_partition, row.first_offset)
        for position, row in books.duplicates.items()
    }
    key = '["31198570044", "placed"]'
    assert told == {(1, 2): (key, "orders", 0, 3), (1, 5): (key, "orders", 0, 3)}


def test_what_an_earlier_run_accepted_stays_even_if_a_lower_position_comes_later(spark: SparkSession) -> None:
    books = Books(spark)
    books.run([(1, 5, text())])

    books.run([(0, 0, text(lines=[line(quantity=7)]))])

    assert books.accepted == [(1, 5)]
    assert (books.duplicates[0, 0].first_partition, books.duplicates[0, 0].first_offset) == (1, 5)


def test_keys_are_compared_as_conformed(spark: SparkSession) -> None:
    books = Books(spark)

    books.run([(0, 0, text(order="1-x")), (0, 1, text(order=" 1-X "))])

    assert (books.accepted, list(books.duplicates)) == ([(0, 0)], [(0, 1)])


def test_a_position_that_comes_again_is_no_row_of_the_run(spark: SparkSession) -> None:
    rows: list[Row] = [(0, 0, text()), (0, 1, text()), (0, 2, None), (0, 3, text(country="ZZ"))]
    books = Books(spark)
    first = books.run([*rows, *rows])

    again = books.run([*rows, (0, 4, text("paid"))])

    assert (first.rows_in, first.repeated) == (4, 4)
    assert (again.rows_in, again.accepted, again.repeated) == (1, 1, 4)
    assert_conserved(books, [*rows, (0, 4, "")])


def test_a_broken_record_is_counted_once_and_keeps_its_text_and_all_its_rules(spark: SparkSession) -> None:
    value = text(customer_id=None, country="ZZ")
    books = Books(spark)

    counts = books.run([(0, 0, value)])

    row = books.quarantine[0, 0]
    assert counts.quarantined == {"required:customer_id": 1}
    assert (row.dataset, row.run_id, row.rule, row.rules) == (
        "orders",
        "run",
        "required:customer_id",
        ["required:customer_id", "country"],
    )
    assert row.value == value
    assert row.reason == 'customer_id is null; country = "ZZ" is no country of ISO 3166-1'


def test_a_broken_record_does_not_take_the_key_from_a_good_one(spark: SparkSession) -> None:
    books = Books(spark)

    books.run([(0, 0, text(country="ZZ")), (0, 1, text())])

    assert (books.accepted, list(books.quarantine)) == ([(0, 1)], [(0, 0)])


def test_an_empty_batch_is_counted_as_nothing(spark: SparkSession) -> None:
    assert Books(spark).run([]).rows_in == 0


def test_unknown_fields_are_counted_by_rows_and_names_without_end_are_counted_together(spark: SparkSession) -> None:
    made_up: dict[str, Any] = {f"x{n}": 1 for n in range(UNKNOWN_NAMES + 5)}
    rows: list[Row] = [
        (0, 0, text(channel="web", lines=[line(1, gift=1), line(2, gift=1)])),
        (0, 1, text("paid", channel="web")),
        (0, 2, text("shipped", country="ZZ", **made_up)),
    ]

    unknown = Books(spark).run([*rows, rows[0]]).unknown_fields

    assert (unknown["channel"], unknown["lines[].gift"]) == (2, 1)
    assert len(unknown) == UNKNOWN_NAMES + 1
    assert unknown[OTHER_NAMES] == 7
