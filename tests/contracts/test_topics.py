"""What the loader refuses in a topic: its place in the file, and the rule."""

from __future__ import annotations

from pathlib import Path

import pytest

import contracts
from contracts.loader import FOLDER
from tests.contracts.documents import FIELDS, NO_SLA, ORDERS, TOPIC, Document, added, assert_found, orders, place


def nested(document: Document, array: str, name: str) -> Document:
    """A field of the objects in an array of the topic."""
    (outer,) = [entry for entry in document["schema"][0]["properties"] if entry["name"] == array]
    (inner,) = [entry for entry in outer["items"]["properties"] if entry["name"] == name]
    found: Document = inner
    return found


LINES = place("lines")
CUSTOM = ("schema", 0, "customProperties")
EVENT_TYPE = (*FIELDS, "event_type", "quality", 0)
CASES = [
    pytest.param(orders("slaProperties", 1, to=NO_SLA), "$.slaProperties", "raw.orders", id="raw"),
    pytest.param(
        orders(*FIELDS, 0, "description", to=...), f"{TOPIC}.properties[0].description", "description", id="no text"
    ),
    pytest.param(orders(*FIELDS, 0, "name", to="eventId"), f"{TOPIC}.properties[0].name", "lower case", id="name"),
    pytest.param(
        orders(*FIELDS, 0, "name", to="order__id"),
        f"{TOPIC}.customProperties.shareWith.columns[0]",
        "described below; did you mean event_time?",
        id="a shared field renamed",
    ),
    pytest.param(
        orders(*FIELDS, 3, "logicalTypeOptions", to={"pattern": "("}),
        f"{TOPIC}.properties[3].logicalTypeOptions.pattern",
        "regular expression",
        id="pattern",
    ),
    pytest.param(
        orders(*FIELDS, "country", "customProperties", "conform", "value", to="iso9000"),
        f"{place('country')}.customProperties.conform",
        "iso3166",
        id="conform",
    ),
    pytest.param(
        orders(*FIELDS, "country", "customProperties", "conform", "value", to=["iso3166"]),
        f"{place('country')}.customProperties.conform",
        "a text",
        id="conform a list",
    ),
    pytest.param(
        orders(*FIELDS, "country", "customProperties", "conform", "property", to="confrom"),
        f"{place('country')}.customProperties[0].property",
        "one of: conform; did you mean conform?",
        id="misspelt custom property",
    ),
    pytest.param(
        orders(*FIELDS, "lines", "items", "properties", 3, "physicalType", to="money"),
        f"{LINES}.items.properties[3].physicalType",
        "decimal(p,s) or double",
        id="type",
    ),
    pytest.param(
        orders(*FIELDS, "lines", "items", "customProperties", to=[{"property": "share", "value": ["gcp"]}]),
        f"{LINES}.items.customProperties[0].property",
        "one of: none",
        id="custom property of items",
    ),
    pytest.param(
        orders(*FIELDS, 2, "logicalType", to="time"),
        f"{TOPIC}.properties[2].logicalType",
        "one of: string, boolean, timestamp, date, integer, number, array",
        id="logical type",
    ),
    pytest.param(
        orders(*FIELDS, 1, "primaryKeyPosition", to=3), f"{TOPIC}.properties", "without a gap", id="key positions"
    ),
    pytest.param(
        orders(*CUSTOM, "key", "value", to="basket"),
        f"{TOPIC}.customProperties.key",
        "required field that is the Kafka key",
        id="kafka key",
    ),
    pytest.param(
        orders(*CUSTOM, "key", "value", to=["order_id"]), f"{TOPIC}.customProperties.key", "a text", id="two keys"
    ),
    pytest.param(
        added(0, "partitions", 8),
        f"{TOPIC}.customProperties[4].property",
        "stands once in a list",
        id="partitions twice",
    ),
    *(
        pytest.param(
            orders(*CUSTOM, "partitions", "value", to=value),
            f"{TOPIC}.customProperties.partitions",
            "from 1 to 1000",
            id=f"partitions {value!r}",
        )
        for value in (0, 1001, True, 4.0, "yes", "4")
    ),
    *(
        pytest.param(
            orders(*EVENT_TYPE, "arguments", "validValues", to=values),
            f"{place('event_type')}.quality[0].arguments.validValues",
            "a list of texts or whole numbers",
            id=f"valid values {values!r}",
        )
        for values in (["DE", True], [None], [1.10], "placed", [["placed"]])
    ),
    pytest.param(
        orders(*EVENT_TYPE, "mustBe", to=False), f"{place('event_type')}.quality[0]", "mustBe 0", id="mustBe false"
    ),
]


@pytest.mark.parametrize(("document", "path", "rule"), CASES)
def test_a_wrong_value_is_named_with_its_place_and_its_rule(
    tmp_path: Path, document: Document, path: str, rule: str
) -> None:
    assert_found(tmp_path, document, path, rule)


def test_norway_is_a_text_among_the_values_of_a_field(tmp_path: Path) -> None:
    text = (FOLDER / "orders.yaml").read_text("utf-8")
    assert "                - placed\n" in text
    (tmp_path / "orders.yaml").write_text(text.replace("- placed\n", "- NO\n                - on\n", 1), "utf-8")

    (rule,) = [r for r in contracts.load(tmp_path).topic("orders").rules if r.name == "event_type_enum"]

    assert rule.values[:2] == ("NO", "on")


def test_two_fields_of_one_name_have_no_two_rules_of_one_kind(tmp_path: Path) -> None:
    lines = (*FIELDS, "lines", "items", "properties", "product_id")
    wrong = orders(*lines, "logicalTypeOptions", to={"pattern": "."})
    nested(wrong, "lines", "product_id")["name"] = "order_id"
    assert_found(tmp_path, wrong, f"{TOPIC}.properties", "2 fields of one name have rules of one kind")
    assert wrong != ORDERS
