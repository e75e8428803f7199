"""One record against the contract: what is accepted, what is refused, and under which rule."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl.lakehouse.contract import ContractError, Job
from etl.lakehouse.record import check
from tests.etl.lake import COMPILED
from tests.etl.samples import ABSENT, JOB, RULE_NAMES, enforcer, event, line, text

BROKEN: dict[str, tuple[str | None, list[str]]] = {
    "tombstone": (None, ["json"]),
    "empty": ("", ["json"]),
    "blanks": (" \n", ["json"]),
    "no JSON": ("{'order_id': 1}", ["json"]),
    "cut off": (text()[:-1], ["json"]),
    "two objects": (text() + text(), ["json"]),
    "text after the object": (text() + " x", ["json"]),
    "array of one event": (f"[{text()}]", ["json"]),
    "text": ('"placed"', ["json"]),
    "number": ("12", ["json"]),
    "null": ("null", ["json"]),
    "NaN": (text().replace("10.5", "NaN"), ["json"]),
    "infinity": (text().replace("10.5", "-Infinity"), ["json"]),
    "leading zero": (text().replace("10.5", "010.5"), ["json"]),
    "a name twice": (text().replace('"country"', '"order_id": "1", "country"'), ["json"]),
    "half a surrogate pair": (text(customer_id="HALF").replace("HALF", "\\ud83d"), ["json"]),
    "nested too deeply": ("[" * 100_000, ["json"]),
    "deep inside a field": (f'{{"order_id": {"[" * 100_000}', ["json"]),
    "byte order mark": ("\ufeff" + text(), ["json"]),
    "missing field": (text(customer_id=ABSENT), ["required:customer_id"]),
    "null field": (text(order_id=None), ["required:order_id"]),
    "blank identifier": (text(store_id="  "), ["required:store_id"]),
    "line without product": (text(lines=[line(product_id=ABSENT)]), ["required:lines[].product_id"]),
    "empty object": (
        "{}",
        [f"required:{f.name}" for f in JOB.fields if f.required],
    ),
    "number for text": (text(order_id=31198570044), ["type:order_id"]),
    "boolean for text": (text(customer_id=True), ["type:customer_id"]),
    "object for text": (text(store_id={"id": 1}), ["type:store_id"]),
    "text for integer": (text(lines=[line(quantity="2")]), ["type:lines[].quantity"]),
    "boolean for integer": (text(lines=[line(quantity=True)]), ["type:lines[].quantity"]),
    "fraction for integer": (text(lines=[line(quantity=1.5)]), ["type:lines[].quantity"]),
    "integer past its range": (text(lines=[line(quantity=2**63)]), ["type:lines[].quantity"]),
    "line number past its range": (text(lines=[line(number=2**31)]), ["type:lines[].line_number"]),
    "exponent that would fill the memory": (
        text(lines=[line(quantity="BIG")]).replace('"BIG"', "1e999999999"),
        ["type:lines[].quantity"],
    ),
    "exponent past any number": (
        text(lines=[line(quantity="BIG")]).replace('"BIG"', "1e99999999999999999999"),
        ["type:lines[].quantity"],
    ),
    "text for amount": (text(lines=[line(net_amount="10.50")]), ["type:lines[].net_amount"]),
    "amount past its column": (text(lines=[line(net_amount=12345678901.0)]), ["type:lines[].net_amount"]),
    "giant amount": (
        text(lines=[line(net_amount="BIG")]).replace('"BIG"', "9" * 400),
        ["type:lines[].net_amount"],
    ),
    "object for array": (text(lines={}), ["type:lines"]),
    "text in array": (text(lines=["x"]), ["type:lines"]),
    "no timestamp": (text(time="yesterday"), ["type:event_time"]),
    "timestamp without offset": (text(time="2017-01-01T11:53:26"), ["type:event_time"]),
    "timestamp of a day that is none": (text(time="2017-02-30T11:53:26Z"), ["type:event_time"]),
    "timestamp in month 13": (text(time="2017-13-01T11:53:26Z"), ["type:event_time"]),
    "timestamp in nanoseconds": (text(time="2017-01-01T11:53:26.123456789Z"), ["type:event_time"]),
    "timestamp before the year 1": (text(time="0001-01-01T00:00:00+02:00"), ["type:event_time"]),
    "seconds since 1970": (text(event_time=1483271606), ["type:event_time"]),
    "unknown country": (text(country="ZZ"), ["country"]),
    "country of three letters": (text(country="USA"), ["country"]),
    "unknown currency": (text(currency="ZZZ"), ["currency"]),
    "currency that is no money": (text(currency="XAU"), ["currency"]),
    "unknown event": (text("lost", lines=ABSENT), ["event_type_enum"]),
    "event in capitals": (text(event_type="PLACED"), ["event_type_enum"]),
    "order id with a blank inside": (text(order="12 3"), ["order_id_pattern"]),
    "order id too long": (text(order="1" * 41), ["order_id_pattern"]),
    "line number 0": (text(lines=[line(0)]), ["line_number_range"]),
    "negative quantity": (text(lines=[line(), line(2, quantity=-1)]), ["quantity_range"]),
    "negative amount": (text(lines=[line(net_amount=-0.01)]), ["net_amount_range"]),
    "line number twice": (text(lines=[line(1), line(1)]), ["unique:lines[].line_number"]),
    "three decimals in USD": (text(lines=[line(net_amount=10.505)]), ["minor_units"]),
    "a decimal that a double would drop": (
        text(lines=[line(net_amount="LONG")]).replace('"LONG"', "10.5000000000000000000001"),
        ["minor_units"],
    ),
    "discount with three decimals": (text(lines=[line(coupon_discount=0.001)]), ["minor_units"]),
    "three decimals where the column has two": (
        text(currency="KWD", lines=[line(net_amount=1.234)]),
        ["minor_units", "exchange_rate"],
    ),
    "yen with decimals": (text(currency="JPY", lines=[line(retail_discount=0)]), ["minor_units", "exchange_rate"]),
    "no rate that day": (text(time="2019-01-01T00:00:00Z"), ["exchange_rate"]),
    "no rate for the currency": (text(currency="CHF"), ["exchange_rate"]),
    "quantities that do not add up": (
        text(lines=[line(1, quantity=2**63 - 1), line(2, quantity=1)]),
        ["overflow"],
    ),
    "amounts that do not add up": (
        text(lines=[line(n, net_amount=9999999999.99) for n in range(1, 102)]),
        ["overflow"],
    ),
    "two found in another order than they count": (
        text("lost", currency="ZZZ", lines=ABSENT),
        ["currency", "event_type_enum"],
    ),
    "several at once": (
        text(customer_id=None, country="ZZ", lines=[line(quantity=-1, net_amount=1.001)]),
        ["required:customer_id", "country", "quantity_range", "minor_units"],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_record_is_refused_with_every_rule_it_breaks_in_the_fixed_order(name: str) -> None:
    value, rules = BROKEN[name]

    verdict = enforcer().judge(value)

    assert [rule for rule, _ in verdict.failures] == rules
    assert verdict.values is None
    assert all(reason for _, reason in verdict.failures)


def test_every_rule_of_the_contract_has_a_record_that_breaks_it() -> None:
    broken = {rule for _, rules in BROKEN.values() for rule in rules}

    untested = [rule for rule in RULE_NAMES if rule not in broken and not rule.startswith(("required:", "type:"))]

    assert untested == []


def values(record: str) -> dict[str, Any]:
    verdict = enforcer().judge(record)
    assert verdict.failures == ()
    assert verdict.values is not None
    return verdict.values


def test_a_good_record_comes_out_typed_and_conformed_with_amounts_in_euro_and_totals() -> None:
    record = text(
        order=" 31198570044-x ",
        time="2017-01-01T13:53:26.5+02:00",
        country="us",
        currency=" usd",
        lines=[line(1), line(2, quantity=0, net_amount=0.01, retail_discount=ABSENT, coupon_discount=None)],
    )

    assert values(record) == {
        "event_id": "placed- 31198570044-x ",
        "event_type": "placed",
        "event_time": datetime(2017, 1, 1, 11, 53, 26, 500_000, tzinfo=UTC),
        "order_id": "31198570044-X",
        "customer_id": "900",
        "store_id": "330",
        "country": "US",
        "currency": "USD",
        "lines": [
            {
                "line_number": 1,
                "product_id": "1095275",
                "quantity": 2,
                "net_amount": Decimal("10.50"),
                "retail_discount": Decimal("0.25"),
                "coupon_discount": Decimal("0.00"),
                "coupon_match_discount": Decimal("0.00"),
                "net_amount_eur": Decimal("9.29"),
            },
            {
                "line_number": 2,
                "product_id": "1095275",
                "quantity": 0,
                "net_amount": Decimal("0.01"),
                "retail_discount": None,
                "coupon_discount": None,
                "coupon_match_discount": Decimal("0.00"),
                "net_amount_eur": Decimal("0.01"),
            },
        ],
        "totals": {
            "line_count": 2,
            "quantity": 2,
            "net_amount": Decimal("10.51"),
            "discount_amount": Decimal("0.25"),
            "net_amount_eur": Decimal("9.30"),
        },
    }


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2017-01-01T00:30:00+02:00", datetime(2016, 12, 31, 22, 30, tzinfo=UTC)),
        ("2017-01-01T00:30:00-11:30", datetime(2017, 1, 1, 12, 0, tzinfo=UTC)),
        ("2017-01-01T00:30:00.123456000Z", datetime(2017, 1, 1, 0, 30, 0, 123456, tzinfo=UTC)),
        ("2016-02-29T23:59:59Z", datetime(2016, 2, 29, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_timestamps_come_out_in_utc(written: str, moment: datetime) -> None:
    assert values(text("paid", time=written))["event_time"] == moment


@pytest.mark.parametrize("written", ["2", "2.0", "2e0", "0.2e1", "20E-1"])
def test_an_integer_may_be_written_in_any_way_that_means_it(written: str) -> None:
    record = text(lines=[line(quantity="N")]).replace('"N"', written)

    assert values(record)["lines"][0]["quantity"] == 2


def test_an_event_other_than_placed_has_neither_lines_nor_totals_and_needs_no_rate() -> None:
    found = values(text("paid", time="2031-01-01T00:00:00Z", lines=[line()]))

    assert (found["lines"], found["totals"]) == (None, None)


def test_a_placed_order_without_lines_has_totals_of_nothing() -> None:
    assert values(text(lines=ABSENT))["totals"] == {
        "line_count": 0,
        "quantity": 0,
        "net_amount": Decimal("0.00"),
        "discount_amount": Decimal("0.00"),
        "net_amount_eur": Decimal("0.00"),
    }


def test_fields_that_no_contract_names_are_told_by_path_and_reject_nothing() -> None:
    record = event(channel="web", lines=[line(1, gift=True), line(2, gift=False, color="red")])

    verdict = enforcer().judge(json.dumps(record))

    assert verdict.failures == ()
    assert sorted(verdict.unknown) == ["channel", "lines[].color", "lines[].gift"]


def test_unknown_fields_of_a_broken_record_are_told_too() -> None:
    assert enforcer().judge(text(country="ZZ", channel="web")).unknown == ("channel",)


def test_a_reason_names_the_place_the_value_and_the_rule_and_counts_what_it_leaves_out() -> None:
    verdict = enforcer().judge(text(lines=[line(n, quantity=-n) for n in range(1, 6)]))

    assert verdict.failures == (
        (
            "quantity_range",
            "lines[0].quantity = -1 is less than 0; lines[1].quantity = -2 is less than 0; "
            "lines[2].quantity = -3 is less than 0; and 2 more",
        ),
    )


def test_a_pattern_does_not_let_a_last_line_break_through() -> None:
    rule = next(r for r in JOB.rules if r.kind == "pattern")

    assert check(rule)("12\n") is not None
    assert check(rule)("12") is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    ),
    st.sampled_from([f.name for f in JOB.fields]),
)
@example({"line_number": 1}, "lines")
def test_no_value_of_any_field_stops_the_job(value: Any, name: str) -> None:
    verdict = enforcer().judge(json.dumps(event(**{name: value})))

    assert (verdict.values is None) == bool(verdict.failures)
    assert {rule for rule, _ in verdict.failures} <= set(RULE_NAMES)


@given(st.text())
def test_no_text_stops_the_job(value: str) -> None:
    verdict = enforcer().judge(value)

    assert verdict.values is None
    assert verdict.failures


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": {"kind": "table", "table": "raw.x"}}, "dataset orders: source kind 'table'; curate reads topics"),
        (
            {"fields": [{"name": "a", "type": "blob", "required": True, "conform": None}]},
            "dataset orders, field a: type 'blob' is neither array nor a scalar type",
        ),
        (
            {"fields": [{"name": "a", "type": "string", "required": True, "conform": "phone"}]},
            "dataset orders, field a: conform 'phone' is not one of identifier, iso3166, iso4217, money",
        ),
        (
            {"fields": [{"name": "a", "type": "double", "required": True, "conform": "money"}]},
            "dataset orders, field a: money must be a decimal, not double",
        ),
        (
            {"rules": [{"name": "r", "field": "order_id", "kind": "sum"}]},
            "dataset orders, rule r: kind 'sum' is not one of range, pattern, enum",
        ),
    ],
)
def test_a_contract_that_the_job_cannot_keep_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractError) as caught:
        Job.load({**COMPILED["datasets"]["orders"], **change})

    assert str(caught.value) == message
