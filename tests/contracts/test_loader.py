"""A folder of contracts that is not right: every problem at once, with file, path, value and rule."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

import contracts
from tests.contracts.documents import (
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
    orders,
    problems_of,
)

CASES = [
    pytest.param(orders("status", to=...), "$", "'status' is a required property", id="not ODCS"),
    pytest.param(orders("team", "members", 0, "role", to="reader"), "$.team.members", "role `owner`", id="owner"),
    *(
        pytest.param(
            orders("slaProperties", 0, "value", to=value),
            "$.slaProperties[0].value",
            "whole number",
            id=f"retention {value!r}",
        )
        for value in (0, True, "7", 7.0)
    ),
    pytest.param(orders("slaProperties", 0, "unit", to="fortnight"), "$.slaProperties[0].unit", "one of", id="unit"),
    pytest.param(
        orders("schema", 1, "physicalType", to="x"), f"{HEAD}.physicalType", "topic, source_table, table", id="kind"
    ),
    pytest.param(
        orders("schema", to=ORDERS["schema"][1:]),
        "$.schema",
        "curated from the dataset's topic",
        id="head without topic",
    ),
    *(
        pytest.param(
            orders(*FIELDS, 0, "required", to=value), f"{TOPIC}.properties[0].required", rule, id=f"required {value!r}"
        )
        for value in ("yes", "on", "y", "NO")
        for rule in (f"'{value}' is not of type 'boolean'", "only true and false are booleans")
    ),
    pytest.param(
        orders(*FIELDS, 1, "primaryKeyPosition", to="0777"),
        f"{TOPIC}.properties[1].primaryKeyPosition",
        "only plain decimal digits are a number",
        id="octal position",
    ),
    pytest.param(
        orders(*FIELDS, 1, "primaryKeyPosition", to=True),
        f"{TOPIC}.properties[1].primaryKeyPosition",
        "True is not of type 'integer'",
        id="a boolean as position",
    ),
]


@pytest.mark.parametrize(("document", "path", "rule"), CASES)
def test_a_wrong_value_is_named_with_its_place_and_its_rule(
    tmp_path: Path, document: Document, path: str, rule: str
) -> None:
    assert_found(tmp_path, document, path, rule)


def test_every_problem_of_every_file_is_reported_at_once(tmp_path: Path) -> None:
    first = orders(*FIELDS, 0, "classification", to="secret")
    first["schema"][0]["properties"][4]["name"] = "Event"
    second = orders("team", "members", to=[])
    second["name"] = "other"

    found = problems_of(tmp_path, first, second, "a: [")

    assert {p.file for p in found} == {"d0.yaml", "d1.yaml", "d2.yaml"}
    assert len([p for p in found if p.file == "d0.yaml"]) == 2


def test_names_used_twice_are_found_across_files(tmp_path: Path) -> None:
    found = problems_of(tmp_path, ORDERS, ORDERS)

    assert {(p.value, p.rule.split(" is ")[0]) for p in found} >= {
        ("orders", "a dataset"),
        ("orders", "a topic"),
        ("curated.orders", "a table"),
    }


def test_captured_tables_lie_in_one_database_and_are_captured_once(tmp_path: Path) -> None:
    again = customers("schema", 0, "name", to="clients")
    again |= {"name": "clients", "slaProperties": [{**CUSTOMERS["slaProperties"][0], "element": "raw.clients"}]}
    elsewhere = copy.deepcopy(again)
    elsewhere["name"], elsewhere["schema"][0]["name"] = "buyers", "buyers"
    elsewhere["schema"][0]["physicalName"] = "crm.public.buyers"
    elsewhere["slaProperties"][0] = {**CUSTOMERS["slaProperties"][0], "element": "raw.buyers"}

    found = {p.value: p.rule for p in problems_of(tmp_path, CUSTOMERS, again, elsewhere)}

    assert found == {
        "shop.shop.customers": "a table is captured once; this one 2 times",
        "crm, shop": "captured tables lie in one database: a replication reads one",
    }


def test_no_table_lies_in_the_folder_of_another(tmp_path: Path) -> None:
    (found,) = problems_of(tmp_path, orders("schema", 2, "customProperties", "prefix", "value", to="orders/lines"))

    assert (found.value, found.rule) == (
        "orders/lines",
        "no table lies in the folder of another; orders is that of curated.orders",
    )


def test_no_table_lies_where_the_snapshots_of_shared_tables_do(tmp_path: Path) -> None:
    mart = document("daily_sales")
    mart = changed(mart, "schema", 0, "customProperties", "prefix", "value", to="exchange/orders")

    found = problems_of(tmp_path, ORDERS, mart)

    assert [(p.value, p.rule) for p in found] == [
        ("exchange/orders", "no table lies in exchange: it has the snapshots of shared tables")
    ]


def test_two_tables_of_one_name_cannot_both_be_shared(tmp_path: Path) -> None:
    mart = document("daily_sales")
    mart["schema"][0]["name"] = "orders"
    mart["slaProperties"][0]["element"] = "analytics.orders"

    found = problems_of(tmp_path, ORDERS, mart)

    assert ("orders", "a shared table is described once; this one is described 2 times") in {
        (p.value, p.rule) for p in found
    }


def test_a_mart_of_unknown_tables_is_refused(tmp_path: Path) -> None:
    mart = document("daily_sales")

    (found, *_) = problems_of(tmp_path, mart)

    assert (found.value, found.rule) == ("curated.order_lines", "a mart is built from tables that a contract describes")


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(contracts.ContractErrors, match="at least one"):
        contracts.load(tmp_path)


def test_the_message_counts_and_lists_the_problems(tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text("[]", "utf-8")
    with pytest.raises(contracts.ContractErrors, match=r"1 problem in the contracts:\n  d\.yaml: \$: \[\]: ODCS v3"):
        contracts.load(tmp_path)


def test_a_file_that_is_no_utf_8_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_bytes(b"name: M\xe4rz")
    with pytest.raises(contracts.ContractErrors, match=r"d\.yaml: \$: .*: a contract is a text in UTF-8"):
        contracts.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "path", "rule"),
    [
        ("a: 1\na: 1\n", "$.a", "a key stands once"),
        ("a: [\n", "line 2", "a text that YAML can read"),
        ("a: &x 1", "$.a", "no anchors"),
        ("a: 1\n---\na: 1", "$", "one document"),
    ],
)
def test_what_yaml_leaves_open_is_a_problem_of_its_file(tmp_path: Path, text: str, path: str, rule: str) -> None:
    assert_found(tmp_path, text, path, rule)
