"""What the contracts of this repository render to."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import jsonschema
import pytest
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema

import contracts
from contracts import raw, types

LOADED = contracts.load()


def test_orders_is_a_topic_and_two_curated_tables():
    orders = LOADED.dataset("orders")
    assert [t.name for t in orders.topics] == ["orders"]
    assert [t.full_name for t in orders.tables] == ["curated.orders", "curated.order_lines"]
    assert orders.head.name == "orders"
    assert (orders.topics[0].dead_letter, orders.topics[0].control) == ("orders.dlq", "orders.control")


@pytest.mark.parametrize("table", LOADED.iceberg_tables, ids=lambda t: t.full_name)
def test_every_table_is_one_that_iceberg_reads(table):
    schema = Schema.model_validate(table.iceberg_schema())
    spec = PartitionSpec.model_validate(table.iceberg_partition_spec())
    ids = re.findall(r'"(?:id|element-id|key-id|value-id)": (\d+)', json.dumps(table.iceberg_schema()))
    assert len(ids) == len(set(ids))
    assert {schema.find_column_name(i) for i in schema.identifier_field_ids} == set(table.primary_key)
    assert [schema.find_column_name(f.source_id) for f in spec.fields] == [p.column for p in table.partition_by]


def test_a_landed_record_keeps_its_text_and_where_it_came_from():
    table = LOADED.table("raw", "orders")
    assert [(c.name, c.type) for c in table.columns] == [
        ("value", "string"),
        ("topic", "string"),
        ("partition", "int"),
        ("offset", "long"),
        ("timestamp", "timestamptz"),
        ("year", "string"),
        ("month", "string"),
        ("day", "string"),
    ]
    assert not any(c.required for c in table.columns)
    assert [p.name for p in table.partition_by] == ["year", "month", "day"]
    assert table.properties("s3://b/orders")["write.data.path"] == "s3://b/orders"


def test_a_topic_lands_without_a_curated_table_and_the_pipeline_leaves_it_out():
    for name in ("cart_events", "customer_updates"):
        topic = LOADED.topic(name)
        assert (topic.raw_table.full_name, topic.raw_table.prefix) == (f"raw.{name}", f"events/{name}")
        assert LOADED.dataset(name).tables == ()
        assert topic.share is None
    assert [dataset.name for dataset in LOADED.curated_datasets] == ["orders"]
    assert list(contracts.compile_all(LOADED)["datasets"]) == ["orders"]


def test_a_raw_table_is_as_sensitive_as_its_most_sensitive_field():
    assert LOADED.table("raw", "orders").columns[0].classification == "personal"
    table = raw.raw_table(topic="t", dataset="t", classification="public", retention_days=1)
    assert {c.name: c.classification for c in table.columns}["value"] == "public"


def test_the_job_reads_fields_rules_and_keys_of_the_contract():
    job = contracts.compile_job(LOADED, LOADED.dataset("orders"))
    assert job["key"] == ["order_id", "event_type"]
    assert job["source"] == {"kind": "topic", "topic": "orders", "table": "raw.orders"}
    lines = next(f for f in job["fields"] if f["name"] == "lines")
    assert {f["name"]: f["type"] for f in lines["fields"]}["net_amount"] == "decimal(12,2)"
    assert {r["name"]: r["field"] for r in job["rules"]}["quantity_range"] == "lines[].quantity"
    assert json.loads(json.dumps(contracts.compile_all(LOADED)))["datasets"]["orders"] == job


def test_currencies_have_the_decimals_of_iso_4217():
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


def test_the_bridge_may_send_shared_fields_only_and_no_personal_data():
    bridge = contracts.compile_bridge(LOADED)["topics"]["orders"]
    assert bridge["lanes"] == 16
    (lines,) = [field for field in bridge["fields"] if field["type"] == "array"]
    assert {"name": "quantity", "type": "long", "required": True} in lines["fields"]
    assert [field["name"] for field in lines["fields"]] == ["line_number", "product_id", "quantity", "net_amount"]
    assert "customer_id" not in [field["name"] for field in bridge["fields"]]
    assert LOADED.topic("orders").share.fields == tuple(
        path
        for field in bridge["fields"]
        for path in (
            [f"{field['name']}[].{item['name']}" for item in field["fields"]]
            if field["type"] == "array"
            else [field["name"]]
        )
    )


def test_a_shared_table_leaves_with_its_marked_columns_and_no_personal_one():
    shared = {exchange.name: exchange for exchange in LOADED.exchanges}
    assert {name: (e.table.full_name, e.target, e.zone, e.prefix) for name, e in shared.items()} == {
        "daily_sales": ("analytics.daily_sales", "azure", "analytics", "exchange/daily_sales"),
        "orders": ("curated.orders", "azure", "analytics", "exchange/orders"),
    }
    assert [c.name for c in shared["daily_sales"].columns] == [c.name for c in shared["daily_sales"].table.columns]
    for exchange in shared.values():
        assert not [c.name for c in exchange.columns if c.classification == "personal" or not isinstance(c.type, str)]
    hidden = {c.name for c in shared["orders"].table.columns} - {c.name for c in shared["orders"].columns}
    assert hidden == {"customer_id", "events"}


def test_the_job_publish_knows_the_shared_columns_and_no_others():
    compiled = contracts.compile_all(LOADED)["exchanges"]
    assert compiled["orders"]["columns"][0] == {"name": "order_id", "type": "string", "description": "The order."}
    for exchange in LOADED.exchanges:
        told = compiled[exchange.name]
        assert (told["table"], told["prefix"]) == (exchange.table.full_name, exchange.prefix)
        assert [c["name"] for c in told["columns"]] == [c.name for c in exchange.columns]


def test_the_record_schema_is_json_schema_and_takes_a_real_event():
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


def test_glue_sees_nested_types_as_hive_writes_them():
    columns = {name: kind for name, kind, _ in LOADED.table("curated", "orders").glue_columns()}
    assert columns["net_amount"] == "decimal(14,2)"
    assert columns["events"].startswith("array<struct<event_id:string,")
    ledger = {name: kind for name, kind, _ in LOADED.table("operations", "ledger").glue_columns()}
    assert ledger["quarantined"] == "map<string,bigint>"


def test_field_ids_go_one_level_after_the_other():
    element = {"type": "struct", "fields": [{"name": "x", "required": False, "type": "int"}]}
    columns = [
        {"name": "a", "required": True, "type": {"type": "list", "element": element, "element-required": False}},
        {"name": "b", "required": True, "type": "string"},
    ]
    numbered = types.with_ids(columns)
    assert [c["id"] for c in numbered] == [1, 2]
    assert numbered[0]["type"]["element-id"] == 3
    assert numbered[0]["type"]["element"]["fields"][0]["id"] == 4


def test_only_engineers_may_use_the_schemas_that_hold_personal_data():
    statements = contracts.warehouse_statements(LOADED, database_role_arn="arn:r", region="eu-west-1")
    assert len({s.name for s in statements}) == len(statements)
    schemas = {"curated", "analytics", "operations", "reports"}
    usage = {
        (schema, role)
        for s in statements
        if (match := re.fullmatch(r"GRANT USAGE ON SCHEMA (\w+) TO ROLE (\w+)", s.sql))
        for schema, role in [match.groups()]
    }
    assert {schema for schema, role in usage if role == "engineer"} == schemas
    assert {schema for schema, role in usage if role in ("analyst", "bi")} == {"reports"}


def test_a_report_view_shows_no_personal_and_no_nested_column():
    statements = contracts.warehouse_statements(LOADED, database_role_arn="arn:r", region="eu-west-1")
    by_name = {s.name: s.sql for s in statements}
    assert "customer_id" not in by_name["view-orders"]
    assert '"net_amount_eur"' in by_name["view-orders"]
    reported = [table for table in LOADED.tables if table.database in ("curated", "analytics")]
    assert {name for name in by_name if name.startswith("view-")} == {f"view-{table.name}" for table in reported}
    for table in reported:
        view = by_name[f"view-{table.name}"]
        shown = set(re.findall(r'"(\w+)"', view))
        hidden = {c.name for c in table.columns if c.classification == "personal" or not isinstance(c.type, str)}
        assert not shown & hidden
        assert shown | hidden == {c.name for c in table.columns}


def test_analysts_read_every_report_and_bi_those_of_marts():
    statements = contracts.warehouse_statements(LOADED, database_role_arn="arn:r", region="eu-west-1")
    readers = {table.name: set() for table in LOADED.tables if table.database in ("curated", "analytics")}
    for s in statements:
        if match := re.match(r"GRANT SELECT ON reports\.(\w+) TO ROLE (\w+)", s.sql):
            readers[match[1]].add(match[2])
    marts = {mart.name for mart in LOADED.marts}
    for name, roles in readers.items():
        assert roles == {"analyst", "engineer"} | ({"bi"} if name in marts else set()), name


def test_a_view_whose_columns_change_is_made_anew_with_its_grants_and_no_other_is():
    def sql(contracts_: contracts.Contracts) -> dict[str, str]:
        made = contracts.warehouse_statements(contracts_, database_role_arn="arn:r", region="eu-west-1")
        return {s.name: s.sql for s in made}

    def personal(table: contracts.Table) -> contracts.Table:
        if table.full_name != "curated.orders":
            return table
        columns = tuple(
            replace(c, classification="personal") if c.name == "net_amount_eur" else c for c in table.columns
        )
        return replace(table, columns=columns)

    before = sql(LOADED)
    datasets = tuple(replace(d, tables=tuple(personal(t) for t in d.tables)) for d in LOADED.datasets)
    after = sql(contracts.Contracts(datasets))
    changed = [name for name in before if before[name] != after[name]]
    assert changed == ["drop-view-orders", "view-orders", "grant-analyst-view-orders", "grant-engineer-view-orders"]
    order = list(before)
    assert [order.index(name) for name in changed] == sorted(order.index(name) for name in changed)
