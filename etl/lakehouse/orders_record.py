"""What an order event's record has besides its fields: amounts in the reporting currency, and totals.

Only `placed` carries lines. Lines of other events are checked like any field and then not used.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from .amounts import Rates, convert
from .contract import ContractError, Job
from .record import Derive, Fail
from .scalars import BadValueError, Number, converter

LIFECYCLE = ("placed", "paid", "shipped", "delivered", "cancelled", "returned")
"""Kinds of events in the order in which they happen; decides between events of the same instant."""

RULES = ("exchange_rate", "overflow")
DISCOUNTS = ("retail_discount", "coupon_discount", "coupon_match_discount")
TOTALS = ("line_count", "quantity", "net_amount", "discount_amount", "net_amount_eur")
LINE_COLUMN = "net_amount_eur"
"""Added to each line; TOTALS are added as `totals`."""

_CENTS = Decimal("0.01")
_EXACT = Context(prec=60, traps=[InvalidOperation])


def require_known_events(job: Job) -> None:
    """Raises: ContractError if the contract allows an event that the fold does not know."""
    for rule in job.rules:
        if rule.field == "event_type" and rule.kind == "enum":
            unknown = sorted(set(rule.values) - set(LIFECYCLE))
            if unknown:
                raise ContractError(f"rule {rule.name}: the fold of orders does not know {', '.join(unknown)}")


def deriver(job: Job, rates: Rates) -> Derive:
    """Return the function that adds `net_amount_eur` to lines and `totals` to a `placed` record."""
    columns = {name: job.head.columns[name] for name in TOTALS}
    line_column = next(t for t in job.tables.values() if "line_number" in t.columns).columns[LINE_COLUMN]
    fits = {name: converter(kind) for name, kind in columns.items()}
    line_fits = converter(line_column)

    def derive(values: dict[str, Any], fail: Fail) -> None:
        values["totals"] = None
        lines = values["lines"]
        if values["event_type"] != "placed":
            values["lines"] = None
            return
        if lines is None:
            lines = values["lines"] = []
        currency, moment = values["currency"], values["event_time"]
        if currency is None or moment is None:
            return
        rate = rates.on(currency, moment.date())
        if rate is None:
            if lines:
                fail("exchange_rate", f"{currency} has no rate to {job.reporting_currency} on {moment.date()}")
                return
            rate = Decimal(1)
        for index, line in enumerate(lines):
            amount = line["net_amount"]
            line[LINE_COLUMN] = None if amount is None else convert(amount, rate)
            if amount is not None:
                _require_fit(line_fits, f"lines[{index}].{LINE_COLUMN}", line[LINE_COLUMN], fail)
        totals = _totals(lines)
        for name, total in totals.items():
            _require_fit(fits[name], f"the order's {name}", total, fail)
        values["totals"] = totals

    return derive


def _totals(lines: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "line_count": len(lines),
        "quantity": sum(line["quantity"] or 0 for line in lines),
        "net_amount": _sum(line["net_amount"] for line in lines),
        "discount_amount": _sum(line[name] for line in lines for name in DISCOUNTS),
        "net_amount_eur": _sum(line[LINE_COLUMN] for line in lines),
    }


def _sum(amounts: Any) -> Decimal:
    total = Decimal("0.00")
    for amount in amounts:
        if amount is not None:
            total = _EXACT.add(total, amount)
    return _EXACT.quantize(total, _CENTS)


def _require_fit(fit: Any, what: str, value: Any, fail: Fail) -> None:
    try:
        fit(Number(value))
    except BadValueError as error:
        fail("overflow", f"{what} = {value} {error}")
