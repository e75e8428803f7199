"""What the datasets of this repository are, taken together."""

from __future__ import annotations

import contracts

LOADED = contracts.load()


def test_orders_is_a_topic_and_two_curated_tables() -> None:
    orders = LOADED.dataset("orders")
    assert [t.name for t in orders.topics] == ["orders"]
    assert [t.full_name for t in orders.tables] == ["curated.orders", "curated.order_lines"]
    assert orders.head.name == "orders"
    assert (orders.topics[0].dead_letter, orders.topics[0].control) == ("orders.dlq", "orders.control")


def test_a_topic_lands_without_a_curated_table_and_the_pipeline_leaves_it_out() -> None:
    for name in ("cart_events", "customer_updates"):
        topic = LOADED.topic(name)
        assert (topic.raw_table.full_name, topic.raw_table.prefix) == (f"raw.{name}", f"events/{name}")
        assert LOADED.dataset(name).tables == ()
        assert topic.share is None
    assert [dataset.name for dataset in LOADED.curated_datasets] == ["orders"]
    assert list(contracts.compile_all(LOADED)["datasets"]) == ["orders"]


def test_a_shared_table_leaves_with_its_marked_columns_and_no_personal_one() -> None:
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
