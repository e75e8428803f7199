"""What the pipeline must come to, asked of the source files by DuckDB.

Nothing of events.py or of the jobs is used, so a mistake there shows as a difference. Inputs are the
source's Parquet file, the exchange rates, and two seeded rules as tables: the market of each store,
and which baskets have a twin. Amounts are whole cents and rates whole millionths, so everything is
integer arithmetic; half is rounded up, line by line, as the contract of order_lines says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from local.rehearsal.replay import seeded, source
from local.rehearsal.replay.kinds import FATES, KEPT_BACK
from local.rehearsal.replay.source import Period, stores, transactions
from local.site import ROOT

RATES = ROOT / "contracts" / "reference" / "exchange_rates.csv"
"""The rates that the platform is brought up with."""
COLUMNS = (
    *("sale_date", "country", "currency", "orders", "customers", "lines", "quantity"),
    *("net_amount", "discount_amount", "net_amount_eur"),
)


@dataclass(frozen=True)
class Counts:
    """How many records must end where."""

    accepted: int
    quarantined: dict[str, int]
    """Rule -> records."""
    duplicates: int


def daily_sales(period: Period, rates: Path, seed: str = seeded.SEED) -> list[tuple[Any, ...]]:
    """Query the rows of analytics.daily_sales, with COLUMNS, by day, country and currency.

    Orders on a day without a rate for their currency are not in it: they are quarantined.
    """
    with _database(period, rates, seed) as database:
        return database.execute(_DAILY_SALES).fetchall()


def expected_counts(produced: Mapping[str, int], period: Period, rates: Path, seed: str = seeded.SEED) -> Counts:
    """Count where the records of a replay must end, from what was produced by kind."""
    accepted, duplicates = 0, 0
    quarantined: dict[str, int] = {}
    for kind, count in produced.items():
        fate = FATES[kind]
        if fate.rule:
            quarantined[fate.rule] = quarantined.get(fate.rule, 0) + count
        elif fate.outcome == "duplicate":
            duplicates += count
        else:
            accepted += count
    # A repeat of a record that was quarantined repeats nothing that is accepted: it breaks the same rule.
    without_rate, repeats = _without_rate(period, rates, seed)
    if without_rate:
        quarantined["exchange_rate"] = without_rate + repeats
        accepted -= without_rate
        duplicates -= repeats
    return Counts(accepted, dict(sorted(quarantined.items())), duplicates)


def kept_back(produced: Mapping[str, int]) -> dict[str, int]:
    """Count the records of a replay that the bridge must keep back, by reason, from what was produced by kind."""
    counted: dict[str, int] = {}
    for kind, count in produced.items():
        if reason := KEPT_BACK.get(kind):
            counted[reason] = counted.get(reason, 0) + count
    return dict(sorted(counted.items()))


def _without_rate(period: Period, rates: Path, seed: str) -> tuple[int, int]:
    """Count `placed` records (twins included) on a day without a rate for their currency, and repeats of such."""
    with _database(period, rates, seed) as database:
        orders = database.execute(_ORDERS_RATED).fetchall()
    placed, repeats = 0, 0
    for day in {day for day, _, rated, twin_rated in orders if not (rated and twin_rated)}:
        of_day = [order for order in orders if order[0] == day]
        repeated = seeded.choose(seed, "exact_repeat", [basket_id for _, basket_id, _, _ in of_day])
        for _, basket_id, rated, twin_rated in of_day:
            placed += not rated
            placed += not twin_rated and seeded.has_twin(seed, basket_id)
            repeats += not rated and basket_id in repeated
    return placed, repeats


def _database(period: Period, rates: Path, seed: str) -> duckdb.DuckDBPyConnection:
    """Load the period's items in whole cents with the market of their store, and the rates in whole millionths."""
    markets = [(store, *seeded.market(seed, store)) for store in stores()]
    database = source.database()
    columns = zip(("store_id", "country", "currency"), zip(*markets, strict=True), strict=True)
    database.register("markets", pa.table({name: list(values) for name, values in columns}))
    database.execute("CREATE TABLE rates AS " + _RATES, {"rates": str(rates)})
    parameters = {"file": str(transactions()), "first": period.first, "end": period.end}
    database.execute("CREATE TABLE items AS " + _ITEMS, parameters)
    return database


_RATES = """
    SELECT currency, valid_from, valid_to, CAST(units_per_eur * 1000000 AS BIGINT) AS millionths
    FROM read_csv($rates, header = true, columns = {
        'currency': 'VARCHAR', 'valid_from': 'DATE', 'valid_to': 'DATE', 'units_per_eur': 'DECIMAL(18,6)'})
"""

_ITEMS = """
    SELECT transaction_timestamp AS placed_at, CAST(transaction_timestamp AS DATE) AS sale_date,
           basket_id, household_id, country, currency, quantity,
           CAST(round(sales_value * 100) AS BIGINT) AS net,
           CAST(round(retail_disc * 100) + round(coupon_disc * 100) + round(coupon_match_disc * 100) AS BIGINT)
               AS discount
    FROM read_parquet($file) JOIN markets USING (store_id)
    WHERE transaction_timestamp >= $first AND transaction_timestamp < $end
"""

_DAILY_SALES = """
    SELECT sale_date, country, currency,
           count(DISTINCT basket_id) AS orders, count(DISTINCT household_id) AS customers, count(*) AS lines,
           CAST(sum(quantity) AS BIGINT) AS quantity,
           CAST(sum(net) AS DECIMAL(18, 0)) * 0.01 AS net_amount,
           CAST(sum(discount) AS DECIMAL(18, 0)) * 0.01 AS discount_amount,
           CAST(sum((2000000 * net + millionths) // (2 * millionths)) AS DECIMAL(18, 0)) * 0.01 AS net_amount_eur
    FROM items JOIN rates USING (currency)
    WHERE sale_date BETWEEN valid_from AND valid_to
    GROUP BY ALL ORDER BY sale_date, country, currency
"""

_ORDERS_RATED = f"""
    SELECT DISTINCT sale_date, basket_id,
           EXISTS (FROM rates WHERE rates.currency = items.currency AND sale_date BETWEEN valid_from AND valid_to),
           EXISTS (FROM rates WHERE rates.currency = items.currency
                   AND CAST(placed_at + INTERVAL {seeded.TWIN_AFTER_S} SECOND AS DATE) BETWEEN valid_from AND valid_to)
    FROM items
"""  # noqa: S608 - made of a constant
