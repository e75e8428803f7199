"""Order events for the tests, as Python dicts and as the JSON text of a record."""

from __future__ import annotations

import json
from typing import Any

from etl.lakehouse.amounts import Rates, parse_rates
from etl.lakehouse.contract import Job
from etl.lakehouse.orders_record import RULES, deriver
from etl.lakehouse.record import Enforcer
from local.site import ROOT
from tests.etl.lake import COMPILED

JOB = Job.load(COMPILED["datasets"]["orders"])
RATES: Rates = parse_rates((ROOT / "contracts/reference/exchange_rates.csv").read_text())
ABSENT = object()
"""As a change: leave the field out."""

RULE_NAMES = Enforcer(JOB, deriver(JOB, RATES), RULES).rules


def line(number: int = 1, **changes: Any) -> dict[str, Any]:
    whole = {
        "line_number": number,
        "product_id": "1095275",
        "quantity": 2,
        "net_amount": 10.50,
        "retail_discount": 0.25,
        "coupon_discount": 0.00,
        "coupon_match_discount": 0.00,
    }
    return _changed(whole, changes)


def event(kind: str = "placed", order: str = "31198570044", time: str = "2017-01-01T11:53:26Z", **changes: Any) -> Any:
    whole: dict[str, Any] = {
        "event_id": f"{kind}-{order}",
        "event_type": kind,
        "event_time": time,
        "order_id": order,
        "customer_id": "900",
        "store_id": "330",
        "country": "US",
        "currency": "USD",
    }
    if kind == "placed":
        whole["lines"] = [line()]
    return _changed(whole, changes)


def text(kind: str = "placed", order: str = "31198570044", time: str = "2017-01-01T11:53:26Z", **changes: Any) -> str:
    return json.dumps(event(kind, order, time, **changes))


def enforcer() -> Enforcer:
    return Enforcer(JOB, deriver(JOB, RATES), RULES)


def _changed(whole: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = {**whole, **changes}
    return {name: value for name, value in merged.items() if value is not ABSENT}
