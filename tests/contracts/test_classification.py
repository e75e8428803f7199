"""How sensitive a field is: said once at its topic or table, and at the field where it differs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import contracts
from contracts.loader import FOLDER
from tests.contracts.documents import (
    COLUMNS,
    CUSTOMERS,
    FIELDS,
    HEAD,
    ORDERS,
    TOPIC,
    Document,
    assert_found,
    changed,
    customers,
    document,
    listed_place,
    orders,
    place,
    problems_of,
)

NAMES = [file.stem for file in sorted(FOLDER.glob("*.yaml"))]
OF_TOPIC = ("schema", 0, "customProperties", "classification")
OF_HEAD = ("schema", 1, "customProperties", "classification")


def loaded(folder: Path, wanted: Document) -> contracts.Dataset:
    (folder / "d.yaml").write_text(json.dumps(wanted), "utf-8")
    (dataset,) = contracts.load(folder).datasets
    return dataset


def test_a_field_without_one_has_that_of_its_topic_at_any_depth(tmp_path: Path) -> None:
    (topic,) = loaded(tmp_path, ORDERS).topics
    said = {f.name: f.classification for f in topic.fields}
    assert said.pop("customer_id") == "personal"
    assert set(said.values()) == {"internal"}
    assert {i.classification for f in topic.fields for i in f.fields} == {"internal"}


def test_what_lies_in_a_personal_array_is_personal_unless_it_says_otherwise(tmp_path: Path) -> None:
    lines = (*FIELDS, "lines")
    for inside in (lines, (*lines, "items")):
        assert_found(
            tmp_path,
            orders(*inside, "classification", to="personal"),
            listed_place("lines.line_number"),
            "personal data is not shared",
            value="'lines.line_number'",
        )


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        pytest.param(orders(*OF_TOPIC, to=...), f"{TOPIC}.properties[0].classification", id="of a topic"),
        pytest.param(orders(*OF_HEAD, to=...), f"{HEAD}.properties[0].classification", id="of a table"),
        pytest.param(
            customers("schema", 0, "customProperties", to=[]),
            f"{TOPIC}.properties[1].classification",
            id="of a captured one",
        ),
        pytest.param(
            orders(*FIELDS, 0, "classification", to="secret"), f"{TOPIC}.properties[0].classification", id="its own"
        ),
        pytest.param(orders(*FIELDS, 0, "classification", to=""), f"{TOPIC}.properties[0].classification", id="empty"),
        pytest.param(
            orders(*COLUMNS, 0, "classification", to="Personal"),
            f"{HEAD}.properties[0].classification",
            id="a column's",
        ),
        pytest.param(orders(*OF_TOPIC, "value", to="secret"), f"{TOPIC}.customProperties.classification", id="unknown"),
        pytest.param(
            orders(*OF_TOPIC, "value", to=["public"]), f"{TOPIC}.customProperties.classification", id="a list"
        ),
        pytest.param(orders(*OF_HEAD, "value", to=True), f"{HEAD}.customProperties.classification", id="a boolean"),
    ],
)
def test_none_and_an_unknown_one_are_refused(tmp_path: Path, wrong: Document, path: str) -> None:
    assert_found(tmp_path, wrong, path, "one of: public, internal, personal")


def test_a_wrong_one_of_the_topic_is_reported_once(tmp_path: Path) -> None:
    (found,) = problems_of(tmp_path, orders(*OF_TOPIC, "value", to="secret"))
    assert found.value == "'secret'"


def test_two_in_one_field_are_refused(tmp_path: Path) -> None:
    text = (FOLDER / "orders.yaml").read_text("utf-8")
    personal = "        classification: personal\n"
    assert personal in text
    found = problems_of(tmp_path, text.replace(personal, f"{personal}        classification: public\n", 1))
    assert [p.path for p in found] == [f"{place('customer_id')}.classification"]
    assert "a key stands once in a mapping" in found[0].rule


@pytest.mark.parametrize("name", NAMES)
def test_our_contracts_say_it_once(name: str) -> None:
    for item in document(name)["schema"]:
        (default,) = [e["value"] for e in item["customProperties"] if e["property"] == "classification"]
        assert default not in {prop.get("classification") for prop in _properties(item)}, item["name"]


def test_customers_are_personal_unless_it_is_said_otherwise(tmp_path: Path) -> None:
    new = {"name": "nickname", "logicalType": "string", "physicalType": "varchar(40)", "description": "New."}
    more = changed(CUSTOMERS, *FIELDS, to=[*CUSTOMERS["schema"][0]["properties"], new])
    (source,) = loaded(tmp_path, more).source_tables
    assert source.columns[-1].classification == "personal"


def _properties(item: Document) -> Iterator[Document]:
    for prop in item.get("properties", []):
        yield prop
        yield from _properties(prop)
        yield from _properties(prop.get("items", {}))
