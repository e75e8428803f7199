"""The raw tables of topics: what lands, and how sensitive it is."""

from __future__ import annotations

import contracts
from contracts import raw

LOADED = contracts.load()


def test_a_landed_record_keeps_its_text_and_where_it_came_from() -> None:
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


def test_a_raw_table_is_as_sensitive_as_its_most_sensitive_field() -> None:
    assert LOADED.table("raw", "orders").columns[0].classification == "personal"
    table = raw.raw_table(topic="t", dataset="t", classification="public", retention_days=1)
    assert {c.name: c.classification for c in table.columns}["value"] == "public"
