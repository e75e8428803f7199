"""What a topic's records are to the schema registry."""

from __future__ import annotations

import jsonschema
import pytest

import contracts

LOADED = contracts.load()


def test_the_record_schema_is_json_schema_and_takes_a_real_event() -> None:
    schema = LOADED.topic("orders").json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    event = {
        "event_id": "placed-1",
        "event_type": "placed",
        "event_time": "2017-01-01T11:53:26Z",
        "order_id": "1",
        "customer_id": "900",
        "store_id": "330",
        "country": "US",
        "currency": "USD",
        "lines": [{"line_number": 1, "product_id": "7", "quantity": 1, "net_amount": 0.5}],
    }
    jsonschema.validate(event, schema)
    with pytest.raises(jsonschema.ValidationError, match="'country' is a required property"):
        jsonschema.validate({k: v for k, v in event.items() if k != "country"}, schema)
