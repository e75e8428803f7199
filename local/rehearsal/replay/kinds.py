"""The kinds of records that a replay has, and the fate of each: where the pipeline and the bridge must put it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Fate:
    """Where the pipeline must put a record."""

    outcome: Literal["accepted", "quarantined", "duplicate"]
    rule: str | None = None
    """The rule that a quarantined record is counted under."""


FATES: dict[str, Fate] = {
    # An order's life, as it should be.
    "placed": Fate("accepted"),
    "paid": Fate("accepted"),
    "delivered": Fate("accepted"),
    "twin_placed": Fate("accepted"),
    "twin_cancelled": Fate("accepted"),
    # A field that no contract names does not reject a record.
    "unknown_field": Fate("accepted"),
    "exact_repeat": Fate("duplicate"),
    "not_json": Fate("quarantined", "json"),
    "json_array": Fate("quarantined", "json"),
    "tombstone": Fate("quarantined", "json"),
    "missing_required": Fate("quarantined", "required:customer_id"),
    "bad_timestamp": Fate("quarantined", "type:event_time"),
    "wrong_type": Fate("quarantined", "type:lines[].quantity"),
    "bad_country": Fate("quarantined", "country"),
    "unknown_currency": Fate("quarantined", "currency"),
    "negative_quantity": Fate("quarantined", "quantity_range"),
    "too_many_decimals": Fate("quarantined", "minor_units"),
}
"""Kind of record -> where it must end. The one exception: an order placed on a day without an
exchange rate for its currency is quarantined under `exchange_rate` (expected.expected_counts counts these)."""

KEPT_BACK: dict[str, str] = {
    "not_json": "not_json",
    "json_array": "not_object",
    "tombstone": "tombstone",
    "bad_timestamp": "wrong_type",
    "wrong_type": "wrong_type",
    "too_many_decimals": "wrong_type",
}
"""Kind of record that the bridge must not send -> its reason. All others leave: what `missing_required` lacks is not
shared, and whether a country exists or a quantity makes sense is not for the bridge to say."""

MIXED_IN = (
    *("unknown_field", "exact_repeat", "not_json", "json_array", "tombstone", "missing_required", "bad_timestamp"),
    *("wrong_type", "bad_country", "unknown_currency", "negative_quantity", "too_many_decimals"),
)
"""Kinds that are mixed in on purpose; each is there every day."""
