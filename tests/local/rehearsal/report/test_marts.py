"""A mart that differs from the source by a cent, a row or a day is found."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from local.rehearsal.report.marts import differences

WANTED = [
    {"day": "2017-05-01", "currency": "EUR", "net_amount": Decimal("10.00")},
    {"day": "2017-05-01", "currency": "USD", "net_amount": Decimal("20.00")},
]
KEY = ("day", "currency")


def test_equal_rows_in_any_order_with_more_columns_are_no_difference() -> None:
    got = [{**row, "customers": 3} for row in reversed(WANTED)]
    assert differences("daily_sales", got, WANTED, KEY) == []


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (WANTED[:1], "daily_sales: day 2017-05-01, currency USD is missing"),
        (
            [*WANTED, {**WANTED[0], "day": "2017-05-02"}],
            "daily_sales: day 2017-05-02, currency EUR is not in the source",
        ),
        (
            [WANTED[0], {**WANTED[1], "net_amount": Decimal("20.01")}],
            "daily_sales: day 2017-05-01, currency USD: net_amount is 20.01, the source says 20.00",
        ),
    ],
    ids=["missing", "too many", "a cent"],
)
def test_a_difference_is_named(got: list[dict[str, Any]], expected: str) -> None:
    assert differences("daily_sales", got, WANTED, KEY) == [expected]


def test_many_differences_are_counted_not_listed() -> None:
    wanted = [{"day": day, "net_amount": 1} for day in range(20)]
    found = differences("m", [], wanted, ("day",))
    assert len(found) == 6
    assert found[-1] == "m: 15 more differences"
