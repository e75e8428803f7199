from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import contracts
from local.rehearsal.replay import PERIODS, Period, daily_sales, expected_counts, kept_back, records
from local.site import ROOT

RATES = ROOT / "contracts" / "reference" / "exchange_rates.csv"
DAY = PERIODS["day"]
RATED = re.compile('"event_time":"2017-05-01T.*"currency":"EUR"')


def test_daily_sales_equal_what_the_orders_that_stay_come_to() -> None:
    """The other way round: from the events, in Python's decimals."""
    units = {"USD": Decimal("1.1297"), "GBP": Decimal("0.87667"), "CAD": Decimal("1.4647"), "EUR": Decimal(1)}
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for record in records(DAY):
        if record.kind == "placed" and record.value:
            order = json.loads(record.value, parse_float=Decimal)
            groups[order["event_time"][:10], order["country"], order["currency"]].append(order)
    wanted = []
    for (day, country, currency), orders in sorted(groups.items()):
        lines = [line for order in orders for line in order["lines"]]
        discounts = ("retail_discount", "coupon_discount", "coupon_match_discount")
        euros = [(line["net_amount"] / units[currency]).quantize(Decimal("0.01"), ROUND_HALF_UP) for line in lines]
        wanted.append(
            (
                *(day, country, currency, len(orders), len({order["customer_id"] for order in orders}), len(lines)),
                sum(line["quantity"] for line in lines),
                sum(line["net_amount"] for line in lines),
                sum(line[name] for line in lines for name in discounts),
                sum(euros),
            )
        )

    assert [(str(row[0]), *row[1:]) for row in daily_sales(DAY, RATES)] == wanted


def test_the_months_sum_is_the_sources() -> None:
    rows = daily_sales(PERIODS["month"], RATES)

    assert len({row[0] for row in rows}) == 31
    assert sum(row[3] for row in rows) == 13_663
    assert sum(row[7] for row in rows) == Decimal("400771.04")


def test_half_a_cent_is_rounded_up(tmp_path: Path) -> None:
    """At two units to the euro every odd cent is half a cent; binary or bankers' rounding would differ."""
    rates = tmp_path / "rates.csv"
    header = "currency,valid_from,valid_to,units_per_eur\n"
    rates.write_text(header + "".join(f"{code},2017-01-01,2017-12-31,2\n" for code in ("USD", "GBP", "CAD", "EUR")))
    wanted: Counter[str] = Counter()
    for record in records(DAY):
        if record.kind == "placed" and record.value:
            order = json.loads(record.value, parse_float=Decimal)
            for line in order["lines"]:
                wanted[order["country"]] += (int(line["net_amount"] * 100) + 1) // 2

    assert {row[1]: int(row[9] * 100) for row in daily_sales(DAY, rates)} == dict(wanted)


def test_every_record_produced_is_counted_once() -> None:
    produced = Counter(record.kind for record in records(DAY))

    found = expected_counts(produced, DAY, RATES)

    assert found.accepted + sum(found.quarantined.values()) + found.duplicates == produced.total()
    assert found.quarantined["json"] == sum(produced[kind] for kind in ("not_json", "json_array", "tombstone"))
    assert found.duplicates == produced["exact_repeat"]


def test_what_the_bridge_keeps_back_has_a_shared_field_of_another_type_or_is_no_order() -> None:
    """By the contract's own JSON Schema, which knows neither the bridge nor the list of kinds."""
    fields = contracts.load().topic("orders")
    schema = replace(fields, fields=contracts.shared_fields(fields)).json_schema()
    validator = jsonschema.Draft7Validator(schema, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)
    unfit: Counter[str] = Counter()
    produced: Counter[str] = Counter()
    for record in records(DAY):
        produced[record.kind] += 1
        try:
            order = json.loads(record.value or "", parse_float=Decimal)
        except ValueError:
            unfit[record.kind] += 1
            continue
        cents = [line["net_amount"] for line in order.get("lines", [])] if isinstance(order, dict) else []
        finer = any(isinstance(c, Decimal) and c != round(c, 2) for c in cents)
        unfit[record.kind] += finer or not validator.is_valid(order)

    assert {kind: produced[kind] for kind, count in unfit.items() if count} == dict(+unfit), "all of a kind, or none"
    assert sum(kept_back(produced).values()) == sum(unfit.values())
    assert kept_back(Counter({"wrong_type": 2, "placed": 7, "too_many_decimals": 1})) == {"wrong_type": 3}


def test_orders_without_a_rate_are_expected_in_quarantine_and_not_in_sales(tmp_path: Path) -> None:
    rates = tmp_path / "rates.csv"
    rates.write_text("currency,valid_from,valid_to,units_per_eur\nEUR,1999-01-01,2017-05-01,1\n")
    period = Period("two", PERIODS["month"].first, PERIODS["day"].end.replace(day=3))
    every = list(records(period))
    produced = Counter(record.kind for record in every)
    unrated = [record for record in every if record.value and not RATED.search(record.value.decode())]
    without = [record for record in unrated if record.kind in ("placed", "twin_placed")]
    repeats = [record for record in unrated if record.kind == "exact_repeat"]
    assert repeats, "the period must have such a case"

    found = expected_counts(produced, period, rates)

    assert found.quarantined["exchange_rate"] == len(without) + len(repeats)
    assert found.duplicates == produced["exact_repeat"] - len(repeats)
    assert found.accepted + sum(found.quarantined.values()) + found.duplicates == produced.total()
    assert {(str(row[0]), row[2]) for row in daily_sales(period, rates)} == {("2017-05-01", "EUR")}


@pytest.mark.parametrize("period", ["day", "month"])
def test_all_of_a_period_has_rates(period: str) -> None:
    assert "exchange_rate" not in expected_counts({}, PERIODS[period], RATES).quarantined
