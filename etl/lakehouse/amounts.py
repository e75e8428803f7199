"""Amounts in the reporting currency: the reference rates and how a day's rate is applied."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

import boto3

_EXACT = Context(prec=60, rounding=ROUND_HALF_UP, traps=[InvalidOperation])


class RatesError(ValueError):
    """The rates file cannot be used; the text names line and rule."""


@dataclass(frozen=True)
class Rate:
    """One currency's rate for the days `first` to `last`, both included."""

    currency: str
    first: date
    last: date
    units_per_reporting: Decimal


class Rates:
    """The rate of a currency on a day."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        """Raises: RatesError if a currency has two rates for one day."""
        self._by_currency: dict[str, list[Rate]] = {}
        for rate in sorted(rates, key=lambda r: (r.currency, r.first)):
            earlier = self._by_currency.setdefault(rate.currency, [])
            if earlier and earlier[-1].last >= rate.first:
                raise RatesError(
                    f"exchange rates: {rate.currency} has two rates on {rate.first}; periods must not overlap"
                )
            earlier.append(rate)

    def on(self, currency: str, day: date) -> Decimal | None:
        """Return the units of the currency for one unit of the reporting currency; None without a rate that day."""
        for rate in self._by_currency.get(currency, ()):
            if rate.first <= day <= rate.last:
                return rate.units_per_reporting
        return None


def convert(amount: Decimal, units_per_reporting: Decimal, decimals: int = 2) -> Decimal:
    """Return the amount in the reporting currency, rounded half up (away from zero) once."""
    return _EXACT.quantize(_EXACT.divide(amount, units_per_reporting), Decimal(1).scaleb(-decimals))


def parse_rates(text: str) -> Rates:
    """Read `currency,valid_from,valid_to,units_per_eur`.

    Raises: RatesError naming the line for anything that is not a rate.
    """
    rates = []
    for line, row in enumerate(csv.DictReader(io.StringIO(text)), start=2):
        try:
            rate = Rate(
                row["currency"],
                date.fromisoformat(row["valid_from"]),
                date.fromisoformat(row["valid_to"]),
                Decimal(row["units_per_eur"]),
            )
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise RatesError(f"exchange rates, line {line}: {error!r}; want currency, two dates, a number") from error
        units = rate.units_per_reporting
        if not units.is_finite() or units <= 0 or rate.first > rate.last:
            raise RatesError(f"exchange rates, line {line}: want a rate above 0, and valid_from not after valid_to")
        rates.append(rate)
    if not rates:
        raise RatesError("exchange rates: the file has no rates")
    return Rates(rates)


def fetch_rates(address: str) -> Rates:
    """Read the rates file at s3://bucket/key."""
    scheme, _, path = address.partition("://")
    bucket, _, key = path.partition("/")
    if scheme != "s3" or not key:
        raise RatesError(f"exchange rates: {address!r} is not s3://bucket/key")
    body = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return parse_rates(body.decode("utf-8-sig"))
