from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import duckdb
import pytest

from local.rehearsal.replay import FATES, PERIODS, Record, records
from local.rehearsal.replay.kinds import MIXED_IN
from local.rehearsal.replay.seeded import DELIVERED_AFTER_S, MARKETS, PAID_AFTER_S, market
from local.rehearsal.replay.source import transactions

DAY, MONTH = PERIODS["day"], PERIODS["month"]
REAL = ("placed", "paid", "unknown_field", "delivered")
"""Kinds that are the life of the source's own orders."""


@pytest.fixture(scope="module")
def day() -> list[Record]:
    return list(records(DAY))


@pytest.fixture(scope="module")
def month() -> list[Record]:
    return list(records(MONTH))


def digest(of: Iterable[Record]) -> str:
    sums = hashlib.sha256()
    for record in of:
        sums.update(repr(tuple(record)).encode())
    return sums.hexdigest()


def parsed(record: Record) -> dict[str, object]:
    assert record.value is not None
    value: dict[str, object] = json.loads(record.value, parse_float=Decimal)
    return value


def kinds(of: Iterable[Record]) -> Counter[str]:
    return Counter(record.kind for record in of)


def test_the_first_event_reads_as_the_contract_says() -> None:
    first = next(records(PERIODS["year"]))

    assert (first.key, first.timestamp, first.kind) == ("31198570044", 1483271606000, "placed")
    assert first.value is not None
    assert first.value.decode().startswith(
        '{"event_id":"placed-31198570044","event_type":"placed","event_time":"2017-01-01T11:53:26Z",'
        '"order_id":"31198570044","customer_id":"900","store_id":"330",'
    )
    line = '{"line_number":1,"product_id":"1095275","quantity":1,"net_amount":0.50,"retail_discount":0.00,'
    assert line in first.value.decode().replace('"line_number":2', '"line_number":1')


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(day: list[Record]) -> None:
    assert digest(records(DAY)) == digest(day)
    assert digest(records(DAY, seed="other")) != digest(day)


def test_a_days_events_do_not_depend_on_the_days_around_it(day: list[Record], month: list[Record]) -> None:
    end = int(datetime.fromisoformat("2017-05-02T00:00:00+00:00").timestamp() * 1000)

    def until_end(of: list[Record]) -> list[Record]:
        return [record for record in of if record.timestamp < end]

    assert until_end(day) == until_end(month)


def test_every_basket_of_the_source_is_placed_paid_and_delivered_once(month: list[Record]) -> None:
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT DISTINCT CAST(basket_id AS VARCHAR) FROM read_parquet($file) "
            "WHERE strftime(transaction_timestamp, '%Y-%m') = '2017-05'",
            {"file": str(transactions())},
        ).fetchall()
    baskets = {row[0] for row in found}

    for wanted in (("placed",), ("paid", "unknown_field"), ("delivered",)):
        keys = Counter(record.key for record in month if record.kind in wanted)
        assert set(keys) == baskets
        assert set(keys.values()) == {1}


def test_amounts_and_units_are_the_sources_to_the_cent(month: list[Record]) -> None:
    with duckdb.connect() as connection:
        source = connection.execute(
            "SELECT count(*), CAST(sum(quantity) AS BIGINT), sum(CAST(sales_value AS DECIMAL(12,2))), "
            "sum(CAST(retail_disc AS DECIMAL(12,2))), sum(CAST(coupon_disc AS DECIMAL(12,2))), "
            "sum(CAST(coupon_match_disc AS DECIMAL(12,2))) FROM read_parquet($file) "
            "WHERE strftime(transaction_timestamp, '%Y-%m') = '2017-05'",
            {"file": str(transactions())},
        ).fetchone()
    totals: list[Decimal | int] = [0] * 6
    for record in month:
        if record.kind == "placed":
            lines = parsed(record)["lines"]
            assert isinstance(lines, list)
            assert [line["line_number"] for line in lines] == list(range(1, len(lines) + 1))
            for line in lines:
                amounts = [line[name] for name in ("net_amount", "retail_discount", "coupon_discount")]
                row = [1, line["quantity"], *amounts, line["coupon_match_discount"]]
                totals = [total + value for total, value in zip(totals, row, strict=True)]

    assert source == tuple(totals)


def test_records_come_in_the_order_of_their_time(month: list[Record]) -> None:
    times = [record.timestamp for record in month]

    assert times == sorted(times)


def test_an_orders_events_come_in_the_order_of_its_life(month: list[Record]) -> None:
    lives: dict[str, list[Record]] = defaultdict(list)
    for record in month:
        if record.kind in REAL:
            lives[record.key].append(record)
    for placed, paid, delivered in lives.values():
        assert (placed.kind, delivered.kind) == ("placed", "delivered")
        assert paid.timestamp - placed.timestamp == PAID_AFTER_S * 1000
        assert DELIVERED_AFTER_S[0] <= (delivered.timestamp - placed.timestamp) / 1000 <= DELIVERED_AFTER_S[1]


def test_a_records_time_is_its_events_time_unless_it_is_a_repeat(month: list[Record]) -> None:
    whole = ("not_json", "json_array", "tombstone", "bad_timestamp", "exact_repeat")
    for record in month:
        if record.kind not in whole:
            event_time = datetime.fromisoformat(str(parsed(record)["event_time"]))
            assert event_time.timestamp() * 1000 == record.timestamp


def test_about_one_order_in_two_hundred_is_placed_again_and_cancelled(month: list[Record]) -> None:
    count = kinds(month)
    placed = {record.key: record for record in month if record.kind == "placed"}
    twins = [record for record in month if record.kind == "twin_placed"]

    assert 0.003 < count["twin_placed"] / count["placed"] < 0.007
    assert count["twin_placed"] == count["twin_cancelled"]
    for twin in twins:
        assert twin.key.endswith("-X")
        assert parsed(twin)["lines"] == parsed(placed[twin.key.removesuffix("-X")])["lines"]


def test_each_kind_is_there_every_day(day: list[Record]) -> None:
    assert set(kinds(day)) == set(FATES)
    assert set(MIXED_IN) < set(FATES)


def test_an_exact_repeat_is_the_same_bytes_after_the_first(month: list[Record]) -> None:
    first = {record.key: record for record in month if record.kind == "placed"}
    repeats = [record for record in month if record.kind == "exact_repeat"]

    for repeat in repeats:
        assert repeat.value == first[repeat.key].value
        assert repeat.timestamp > first[repeat.key].timestamp


def test_only_accepted_and_repeated_kinds_carry_ids_of_real_orders(month: list[Record]) -> None:
    for record in month:
        assert record.key.startswith("B") == (FATES[record.kind].outcome == "quarantined")


def test_stores_are_spread_over_the_markets_by_their_shares() -> None:
    found = Counter(market("novaretail", store) for store in range(10_000))

    assert {pair: round(count / 100) for pair, count in found.items()} == pytest.approx(
        {(country, currency): share for country, currency, share in MARKETS}, abs=2
    )
