"""What jobs and functions read of the contracts."""

from __future__ import annotations

import json

import contracts

LOADED = contracts.load()


def test_the_job_reads_fields_rules_and_keys_of_the_contract() -> None:
    job = contracts.compile_job(LOADED, LOADED.dataset("orders"))
    assert job["key"] == ["order_id", "event_type"]
    assert job["source"] == {"kind": "topic", "topic": "orders", "table": "raw.orders"}
    lines = next(f for f in job["fields"] if f["name"] == "lines")
    assert {f["name"]: f["type"] for f in lines["fields"]}["net_amount"] == "decimal(12,2)"
    assert {r["name"]: r["field"] for r in job["rules"]}["quantity_range"] == "lines[].quantity"
    assert json.loads(json.dumps(contracts.compile_all(LOADED)))["datasets"]["orders"] == job


def test_currencies_have_the_decimals_of_iso_4217() -> None:
    digits = contracts.compile_job(LOADED, LOADED.dataset("orders"))["currencies"]
    assert {code: digits[code] for code in ("EUR", "USD", "JPY", "KWD", "CLF")} == {
        "EUR": 2,
        "USD": 2,
        "JPY": 0,
        "KWD": 3,
        "CLF": 4,
    }
    assert "XXX" not in digits
    assert "XAU" not in digits


def test_the_bridge_may_send_shared_fields_only_and_no_personal_data() -> None:
    bridge = contracts.compile_bridge(LOADED)["topics"]["orders"]
    assert bridge["lanes"] == 16
    (lines,) = [field for field in bridge["fields"] if field["type"] == "array"]
    assert {"name": "quantity", "type": "long", "required": True} in lines["fields"]
    assert [field["name"] for field in lines["fields"]] == ["line_number", "product_id", "quantity", "net_amount"]
    assert "customer_id" not in [field["name"] for field in bridge["fields"]]
    share = LOADED.topic("orders").share
    assert share is not None
    assert share.fields == tuple(
        path
        for field in bridge["fields"]
        for path in (
            [f"{field['name']}[].{item['name']}" for item in field["fields"]]
            if field["type"] == "array"
            else [field["name"]]
        )
    )


def test_the_job_publish_knows_the_shared_columns_and_no_others() -> None:
    compiled = contracts.compile_all(LOADED)["exchanges"]
    assert compiled["orders"]["columns"][0] == {"name": "order_id", "type": "string", "description": "The order."}
    for exchange in LOADED.exchanges:
        told = compiled[exchange.name]
        assert (told["table"], told["prefix"]) == (exchange.table.full_name, exchange.prefix)
        assert [c["name"] for c in told["columns"]] == [c.name for c in exchange.columns]
