"""Exchange rates: the rate of the day, rounding, and files that are no rates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl.lakehouse import days
from etl.lakehouse.amounts import RatesError, convert, fetch_rates, parse_rates

HEADER = "currency,valid_from,valid_to,units_per_eur\n"


def test_the_rate_is_the_one_valid_that_day_with_both_ends_included() -> None:
    rates = parse_rates(HEADER + "USD,2017-01-01,2017-06-30,1.1\nUSD,2017-07-01,2017-12-31,1.2\n")

    found = [rates.on("USD", date(*day)) for day in ((2017, 1, 1), (2017, 6, 30), (2017, 7, 1), (2017, 12, 31))]

    assert found == [Decimal("1.1"), Decimal("1.1"), Decimal("1.2"), Decimal("1.2")]
    assert rates.on("USD", date(2018, 1, 1)) is None
    assert rates.on("CHF", date(2017, 1, 1)) is None


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("", "exchange rates: the file has no rates"),
        ("USD,2017-01-01,2017-12-31,one\n", "exchange rates, line 2: "),
        ("USD,2017-01-01\n", "exchange rates, line 2: "),
        ("EUR,2017-01-01,2017-12-31,1\nUSD,2017-13-01,2017-12-31,1\n", "exchange rates, line 3: "),
        ("USD,2017-01-01,2017-12-31,0\n", "exchange rates, line 2: want a rate above 0"),
        ("USD,2017-01-01,2017-12-31,NaN\n", "exchange rates, line 2: "),
        ("USD,2017-12-31,2017-01-01,1\n", "exchange rates, line 2: want a rate above 0, and valid_from not after"),
        (
            "USD,2017-01-01,2017-12-31,1\nUSD,2017-12-31,2018-12-31,1\n",
            "exchange rates: USD has two rates on 2017-12-31",
        ),
    ],
)
def test_a_file_that_is_no_list_of_rates_is_refused(rows: str, message: str) -> None:
    with pytest.raises(RatesError) as caught:
        parse_rates(HEADER + rows)

    assert str(caught.value).startswith(message)


def test_an_address_that_is_not_s3_is_refused() -> None:
    with pytest.raises(RatesError, match="is not s3://bucket/key"):
        fetch_rates("rates.csv")


@given(
    st.integers(0, 10**12 - 1).map(lambda cents: Decimal(cents).scaleb(-2)),
    st.integers(1, 10**9).map(lambda millionths: Decimal(millionths).scaleb(-5)),
)
@example(Decimal("0.01"), Decimal(2))
@example(Decimal("0.03"), Decimal(2))
def test_an_amount_is_rounded_half_up_once(amount: Decimal, units: Decimal) -> None:
    exact = Fraction(amount) / Fraction(units)

    expected = (exact * 100 + Fraction(1, 2)).__floor__()

    assert convert(amount, units) == Decimal(expected).scaleb(-2)


@given(st.sets(st.dates(date(2016, 12, 1), date(2017, 2, 28))))
def test_days_written_as_spans_are_read_back(found: set[date]) -> None:
    assert days.read(days.write(found)) == found


def test_days_in_a_row_are_one_span() -> None:
    written = days.write([date(2017, 2, 1), date(2017, 1, 30), date(2017, 1, 31), date(2017, 3, 5), date(2017, 2, 1)])

    assert written == "2017-01-30..2017-02-01 2017-03-05"
