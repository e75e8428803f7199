"""What may leave AWS: only what `shareWith` lists, and nothing personal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import contracts
from tests.contracts.documents import (
    COLUMNS,
    FIELDS,
    HEAD,
    ORDERS,
    TOPIC,
    Document,
    added,
    assert_found,
    document,
    listed_place,
    orders,
    problems_of,
)

OF_TOPIC = ("schema", 0, "customProperties", "shareWith")
OF_HEAD = ("schema", 1, "customProperties", "shareWith")
BY_EVENTS, BY_SNAPSHOTS = f"{TOPIC}.customProperties.shareWith", f"{HEAD}.customProperties.shareWith"
PERSONAL = "personal data is not shared"
ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()) | st.dictionaries(st.text(), st.text())
)


def listed(*columns: object) -> Document:
    """The contract of orders that shares these fields of its topic by events."""
    return orders(*OF_TOPIC, "value", "columns", to=list(columns))


def published(*columns: object) -> Document:
    """The contract of orders that shares these columns of its head by snapshots."""
    return orders(*OF_HEAD, "value", "columns", to=list(columns))


CASES = [
    pytest.param(listed("lines"), f"{BY_EVENTS}.columns[0]", "listing the fields of its items", id="array"),
    pytest.param(
        orders(*FIELDS, "lines", "items", "properties", "net_amount", "physicalType", to="decimal(16,2)"),
        f"{TOPIC}.properties.lines[].net_amount",
        "a double keeps 15 digits",
        id="long decimal",
    ),
    pytest.param(listed("event_id", "customer_id"), f"{BY_EVENTS}.columns[1]", PERSONAL, id="personal field"),
    pytest.param(published("customer_id"), f"{BY_SNAPSHOTS}.columns[0]", PERSONAL, id="personal column"),
    pytest.param(published("events"), f"{BY_SNAPSHOTS}.columns[0]", "not nested", id="nested column"),
    pytest.param(published("events.event_id"), f"{BY_SNAPSHOTS}.columns[0]", "not nested", id="in a nested column"),
    pytest.param(
        published("order_id", "curency"), f"{BY_SNAPSHOTS}.columns[1]", "did you mean currency?", id="no column"
    ),
    pytest.param(
        listed("lines[].product_id"), f"{BY_EVENTS}.columns[0]", "did you mean lines.product_id?", id="no path"
    ),
    pytest.param(listed("product_id"), f"{BY_EVENTS}.columns[0]", "did you mean lines.product_id?", id="half a path"),
    pytest.param(listed("x"), f"{BY_EVENTS}.columns[0]", "a column that is described below", id="nothing like it"),
    pytest.param(listed("event_id", "event_id"), f"{BY_EVENTS}.columns", "this one 2 times", id="listed twice"),
    pytest.param(listed(), f"{BY_EVENTS}.columns", "at least one column", id="no columns"),
    pytest.param(listed("event_id", 1), f"{BY_EVENTS}.columns", "by its name", id="a number"),
    pytest.param(orders(*OF_TOPIC, "value", "columns", to="event_id"), f"{BY_EVENTS}.columns", "a list", id="a text"),
    *(
        pytest.param(
            orders(*OF_TOPIC, "value", "lanes", to=lanes), f"{BY_EVENTS}.lanes", "from 1 to 256", id=f"lanes {lanes!r}"
        )
        for lanes in (0, 257, True, "on", 16.0, None)
    ),
    pytest.param(
        orders(*OF_TOPIC, "value", "columns", to=...),
        BY_EVENTS,
        "target, lanes and columns",
        id="topic without columns",
    ),
    pytest.param(
        orders(*OF_TOPIC, "value", "target", to="azure"), f"{BY_EVENTS}.target", "one of: gcp", id="topic by snapshots"
    ),
    pytest.param(
        orders(*OF_HEAD, "value", "target", to="gcp"), f"{BY_SNAPSHOTS}.target", "one of: azure", id="table by events"
    ),
    pytest.param(orders(*OF_HEAD, "value", "lanes", to=4), BY_SNAPSHOTS, "nothing else", id="table with lanes"),
    pytest.param(
        added(2, "shareWith", {"target": "azure"}),
        "$.schema[2].customProperties.shareWith",
        "has target and columns",
        id="table without columns",
    ),
    pytest.param(
        orders("schema", 1, "customProperties", "database", "value", to="operations"),
        BY_SNAPSHOTS,
        "lies in one of: curated, analytics",
        id="operations",
    ),
    pytest.param(
        orders(*COLUMNS, 0, "customProperties", to=[{"property": "share", "value": ["azure"]}]),
        f"{HEAD}.properties[0].customProperties[0].property",
        "one of: partitionTransform",
        id="marked at the column",
    ),
    pytest.param(
        orders(*FIELDS, 0, "customProperties", to=[{"property": "share", "value": ["gcp"]}]),
        f"{TOPIC}.properties[0].customProperties[0].property",
        "one of: conform",
        id="marked at the field",
    ),
    pytest.param(
        added(0, "shareWith", {"target": "gcp", "lanes": 1, "columns": ["event_id"]}),
        f"{TOPIC}.customProperties[4].property",
        "stands once in a list",
        id="shared twice",
    ),
]


@pytest.mark.parametrize(("wrong", "path", "rule"), CASES)
def test_what_may_not_leave_is_named_with_its_place_and_its_rule(
    tmp_path: Path, wrong: Document, path: str, rule: str
) -> None:
    assert_found(tmp_path, wrong, path, rule)


def test_names_that_are_alike_in_json_are_not_both_shared(tmp_path: Path) -> None:
    wrong = orders(*FIELDS, 0, "name", to="order__id")
    columns = next(e for e in wrong["schema"][0]["customProperties"] if e["property"] == "shareWith")["value"][
        "columns"
    ]
    columns[0] = "order__id"
    assert_found(tmp_path, wrong, f"{TOPIC}.properties.order_id", "cannot tell it from order__id")


def test_a_personal_field_does_not_leave_behind_another_of_its_name(tmp_path: Path) -> None:
    wrong = orders(*FIELDS, "store_id", "name", to="customer_id")
    columns = next(e for e in wrong["schema"][0]["customProperties"] if e["property"] == "shareWith")["value"][
        "columns"
    ]
    columns[columns.index("store_id")] = "customer_id"
    assert_found(tmp_path, wrong, listed_place("store_id"), PERSONAL)


@pytest.mark.parametrize("at", [0, 1])
def test_nothing_leaves_that_is_not_listed(tmp_path: Path, at: int) -> None:
    (tmp_path / "d.yaml").write_text(json.dumps(orders("schema", at, "customProperties", "shareWith", to=...)), "utf-8")
    loaded = contracts.load(tmp_path)
    shared = [f.name for t in loaded.topics for f in contracts.shared_fields(t)]
    published = [c.name for exchange in loaded.exchanges for c in exchange.columns]
    assert (shared, published)[at] == []
    assert (shared, published)[1 - at] != []


@pytest.mark.parametrize("name", ["orders", "daily_sales"])
def test_what_leaves_is_what_is_listed(name: str) -> None:
    loaded = contracts.load()
    for item in document(name)["schema"]:
        columns = [e["value"]["columns"] for e in item["customProperties"] if e["property"] == "shareWith"]
        if item["physicalType"] == "topic":
            share = loaded.topic(item["physicalName"]).share
            assert share is not None
            assert [path.replace("[]", "") for path in share.fields] == columns[0]
        elif columns:
            (exchange,) = [e for e in loaded.exchanges if e.name == item["name"]]
            assert [c.name for c in exchange.columns] == columns[0]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from([OF_TOPIC, OF_HEAD]), st.sampled_from(["target", "lanes", "columns", None]), ANYTHING)
def test_no_value_makes_the_loader_fall_over(
    tmp_path: Path, at: tuple[object, ...], part: str | None, value: object
) -> None:
    wrong = orders(*at, "value", *([part] if part else []), to=value)
    if value is None and part is None:
        return  # the property without a value is one that is not there
    if part == "lanes" and isinstance(value, int) and at == OF_TOPIC:
        return  # may be right
    assert problems_of(tmp_path, wrong)
    assert wrong != ORDERS
