"""A wrong contract gets an error with file, path in the file, value and rule; all of them at once."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml

import contracts

GOOD = yaml.safe_load((Path(contracts.__file__).parent / "datasets" / "orders.yaml").read_text("utf-8"))
TOPIC, HEAD = "$.schema[0]", "$.schema[1]"
NO_SLA = {"property": "x", "value": 1}


def problems_of(tmp_path: Path, *documents: object) -> list[contracts.Problem]:
    for index, document in enumerate(documents):
        text = document if isinstance(document, str) else yaml.safe_dump(document)
        (tmp_path / f"d{index}.yaml").write_text(text, "utf-8")
    with pytest.raises(contracts.ContractErrors) as caught:
        contracts.load(tmp_path)
    return list(caught.value.problems)


def changed(*path: object, to: object, of: dict = GOOD) -> dict:
    """The good contract with one value replaced, or removed if `to` is ...."""
    document = copy.deepcopy(of)
    at = document
    for step in path[:-1]:
        at = at[step]
    if to is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = to
    return document


CUSTOMERS = yaml.safe_load((Path(contracts.__file__).parent / "datasets" / "customers.yaml").read_text("utf-8"))


def customers(*path: object, to: object) -> dict:
    """The contract of a captured table with one value replaced."""
    return changed(*path, to=to, of=CUSTOMERS)


FIELDS = ("schema", 0, "properties")
COLUMNS = ("schema", 1, "properties")
AZURE = [{"property": "share", "value": ["azure"]}]
CASES = [
    pytest.param(changed("status", to=...), "$", "'status' is a required property", id="not ODCS"),
    pytest.param(changed("team", "members", 0, "role", to="reader"), "$.team.members", "role `owner`", id="owner"),
    pytest.param(changed("slaProperties", 1, to=NO_SLA), "$.slaProperties", "raw.orders", id="raw"),
    pytest.param(
        changed("slaProperties", 0, "value", to=0), "$.slaProperties[0].value", "whole number", id="retention"
    ),
    pytest.param(changed("slaProperties", 0, "unit", to="fortnight"), "$.slaProperties[0].unit", "one of", id="unit"),
    pytest.param(
        changed("schema", 1, "physicalType", to="x"), f"{HEAD}.physicalType", "topic, source_table, table", id="kind"
    ),
    pytest.param(
        changed(*FIELDS, 0, "classification", to=...),
        f"{TOPIC}.properties[0].classification",
        "public, internal, personal",
        id="no classification",
    ),
    pytest.param(
        changed(*FIELDS, 0, "description", to=...), f"{TOPIC}.properties[0].description", "description", id="no text"
    ),
    pytest.param(changed(*FIELDS, 0, "name", to="eventId"), f"{TOPIC}.properties[0].name", "lower case", id="name"),
    pytest.param(
        changed(*FIELDS, 8, "customProperties", to=[{"property": "share", "value": ["gcp"]}]),
        f"{TOPIC}.properties[8].customProperties.share",
        "marking the fields of its items",
        id="array shared",
    ),
    pytest.param(
        changed(*FIELDS, 8, "items", "properties", 3, "physicalType", to="decimal(16,2)"),
        f"{TOPIC}.properties.lines[].net_amount",
        "a double keeps 15 digits",
        id="long decimal shared",
    ),
    pytest.param(
        changed(*FIELDS, 0, "name", to="order__id"),
        f"{TOPIC}.properties.order_id",
        "cannot tell it from order__id",
        id="names alike in JSON",
    ),
    pytest.param(
        changed(*FIELDS, 4, "customProperties", to=[{"property": "share", "value": ["gcp"]}]),
        f"{TOPIC}.properties[4].customProperties.share",
        "personal data is not shared",
        id="personal shared",
    ),
    pytest.param(
        changed(*FIELDS, 3, "logicalTypeOptions", to={"pattern": "("}),
        f"{TOPIC}.properties[3].logicalTypeOptions.pattern",
        "regular expression",
        id="pattern",
    ),
    pytest.param(
        changed(*FIELDS, 6, "customProperties", 0, "value", to="iso9000"),
        f"{TOPIC}.properties[6].customProperties.conform",
        "iso3166",
        id="conform",
    ),
    pytest.param(
        changed(*FIELDS, 6, "customProperties", 0, "property", to="confrom"),
        f"{TOPIC}.properties[6].customProperties[0].property",
        "one of: conform, share",
        id="misspelt custom property",
    ),
    pytest.param(
        changed(*FIELDS, 8, "items", "properties", 3, "physicalType", to="money"),
        f"{TOPIC}.properties[8].items.properties[3].physicalType",
        "decimal(p,s) or double",
        id="type",
    ),
    pytest.param(
        changed(*FIELDS, 2, "logicalType", to="time"),
        f"{TOPIC}.properties[2].logicalType",
        "one of: string, boolean, timestamp, date, integer, number, array",
        id="logical type",
    ),
    pytest.param(
        changed(*FIELDS, 1, "primaryKeyPosition", to=3), f"{TOPIC}.properties", "without a gap", id="key positions"
    ),
    pytest.param(
        changed("schema", 0, "customProperties", 0, "value", to="basket"),
        f"{TOPIC}.customProperties.key",
        "required field that is the Kafka key",
        id="kafka key",
    ),
    pytest.param(
        changed("schema", 0, "customProperties", 1, "value", to=0),
        f"{TOPIC}.customProperties.partitions",
        "from 1 to 1000",
        id="partitions",
    ),
    pytest.param(
        changed("schema", 0, "customProperties", 2, "value", "lanes", to=0),
        f"{TOPIC}.customProperties.shareWith.lanes",
        "from 1 to 256",
        id="lanes",
    ),
    pytest.param(
        changed("schema", 1, "customProperties", 2, to={"property": "role", "value": "mart"}),
        "$.schema",
        "exactly one with role `head`",
        id="no head",
    ),
    pytest.param(
        changed("schema", 1, "customProperties", 0, "value", to="raw"),
        f"{HEAD}.customProperties.database",
        "curated, analytics, operations",
        id="database",
    ),
    pytest.param(
        changed(*COLUMNS, 0, "required", to=False), f"{HEAD}.properties[0].required", "is required", id="key nullable"
    ),
    pytest.param(
        changed("schema", 2, "properties", 3, "customProperties", 0, "value", to="week"),
        "$.schema[2].properties[3].customProperties.partitionTransform",
        "identity, year, month, day",
        id="transform",
    ),
    pytest.param(
        changed("schema", 1, "customProperties", 1, "value", to="/orders/"),
        f"{HEAD}.customProperties.prefix",
        "between single slashes",
        id="prefix",
    ),
    pytest.param(
        changed("schema", to=GOOD["schema"][1:]),
        "$.schema",
        "curated from the dataset's topic",
        id="head without topic",
    ),
    pytest.param(
        changed(*COLUMNS, 1, "customProperties", to=AZURE),
        f"{HEAD}.properties[1].customProperties.share",
        "personal data is not shared",
        id="personal column shared",
    ),
    pytest.param(
        changed(*COLUMNS, 17, "customProperties", to=AZURE),
        f"{HEAD}.properties[17].customProperties.share",
        "not nested",
        id="nested column shared",
    ),
    pytest.param(
        changed(*COLUMNS, 0, "customProperties", to=[{"property": "share", "value": ["gcp"]}]),
        f"{HEAD}.properties[0].customProperties.share",
        "one of: azure",
        id="column shared by events",
    ),
    pytest.param(
        changed(*FIELDS, 0, "customProperties", to=AZURE),
        f"{TOPIC}.properties[0].customProperties.share",
        "one of: gcp",
        id="field shared by snapshots",
    ),
    pytest.param(
        changed("schema", 1, "customProperties", 3, "value", to={"target": "gcp"}),
        f"{HEAD}.customProperties.shareWith",
        "one of: azure",
        id="table shared by events",
    ),
    pytest.param(
        changed("schema", 1, "customProperties", 3, "value", to={"target": "azure", "lanes": 4}),
        f"{HEAD}.customProperties.shareWith",
        "nothing else",
        id="table with lanes",
    ),
    pytest.param(
        changed("schema", 1, "customProperties", 3, to={"property": "prefix", "value": "orders"}),
        f"{HEAD}.customProperties.shareWith",
        "columns are marked as shared",
        id="marked but not shared",
    ),
    pytest.param(
        changed("schema", 2, "customProperties", 1, to={"property": "shareWith", "value": {"target": "azure"}}),
        "$.schema[2].customProperties.shareWith",
        "marks at least one column",
        id="shared but not marked",
    ),
    pytest.param(
        changed("schema", 1, "customProperties", 0, "value", to="operations"),
        f"{HEAD}.customProperties.shareWith",
        "lies in one of: curated, analytics",
        id="operations shared",
    ),
    pytest.param(customers("team", "members", to=[]), "$.team.members", "role `owner`", id="captured: owner"),
    pytest.param(
        customers("slaProperties", 0, to=NO_SLA), "$.slaProperties", "raw.customers", id="captured: retention"
    ),
    pytest.param(
        customers("schema", 0, "physicalName", to="shop.customers"),
        f"{TOPIC}.physicalName",
        "database.schema.table",
        id="captured: place",
    ),
    pytest.param(
        customers(*FIELDS, 1, "classification", to=...),
        f"{TOPIC}.properties[1].classification",
        "public, internal, personal",
        id="captured: classification",
    ),
    pytest.param(
        customers(*FIELDS, 1, "physicalType", to="text"),
        f"{TOPIC}.properties[1].physicalType",
        "a PostgreSQL type: bigint,",
        id="captured: a LOB",
    ),
    pytest.param(
        customers(*FIELDS, 1, "physicalType", to="numeric(39,2)"),
        f"{TOPIC}.properties[1].physicalType",
        "a PostgreSQL type: bigint,",
        id="captured: more digits than Parquet has",
    ),
    pytest.param(
        customers(*FIELDS, 0, "logicalType", to="string"),
        f"{TOPIC}.properties[0].logicalType",
        "bigint has logicalType integer",
        id="captured: pair of types",
    ),
    pytest.param(
        customers(*FIELDS, 1, "name", to="cdc_timestamp"),
        f"{TOPIC}.properties[1].name",
        "a column of its own",
        id="captured: DMS's own column",
    ),
    pytest.param(
        customers(*FIELDS, 0, "required", to=False),
        f"{TOPIC}.properties[0].required",
        "is required",
        id="captured: key nullable",
    ),
    pytest.param(
        customers("schema", 0, "properties", to=CUSTOMERS["schema"][0]["properties"][1:]),
        f"{TOPIC}.properties",
        "a captured table has a primary key",
        id="captured: no key",
    ),
    pytest.param(
        customers("schema", 0, "customProperties", to=[{"property": "prefix", "value": "elsewhere"}]),
        f"{TOPIC}.customProperties[0].property",
        "one of: none",
        id="captured: unknown property",
    ),
]


@pytest.mark.parametrize(("document", "path", "rule"), CASES)
def test_a_wrong_value_is_named_with_its_place_and_its_rule(tmp_path, document, path, rule):
    found = problems_of(tmp_path, document)

    assert [p for p in found if p.path == path and rule in p.rule], [str(p) for p in found]
    assert all(p.file == "d0.yaml" for p in found)


def test_every_problem_of_every_file_is_reported_at_once(tmp_path):
    first = changed(*FIELDS, 0, "classification", to="secret")
    first["schema"][0]["properties"][0]["name"] = "Event"
    second = changed("team", "members", to=[])
    second["name"] = "other"

    found = problems_of(tmp_path, first, second, "a: [")

    assert {p.file for p in found} == {"d0.yaml", "d1.yaml", "d2.yaml"}
    assert len([p for p in found if p.file == "d0.yaml"]) == 2


def test_names_used_twice_are_found_across_files(tmp_path):
    found = problems_of(tmp_path, GOOD, GOOD)

    assert {(p.value, p.rule.split(" is ")[0]) for p in found} >= {
        ("orders", "a dataset"),
        ("orders", "a topic"),
        ("curated.orders", "a table"),
    }


def test_captured_tables_lie_in_one_database_and_are_captured_once(tmp_path):
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


def test_no_table_lies_in_the_folder_of_another(tmp_path):
    (found,) = problems_of(tmp_path, changed("schema", 2, "customProperties", 1, "value", to="orders/lines"))

    assert (found.value, found.rule) == (
        "orders/lines",
        "no table lies in the folder of another; orders is that of curated.orders",
    )


def test_no_table_lies_where_the_snapshots_of_shared_tables_do(tmp_path):
    mart = yaml.safe_load((Path(contracts.__file__).parent / "datasets" / "daily_sales.yaml").read_text("utf-8"))
    mart["schema"][0]["customProperties"][1]["value"] = "exchange/orders"

    found = problems_of(tmp_path, GOOD, mart)

    assert [(p.value, p.rule) for p in found] == [
        ("exchange/orders", "no table lies in exchange: it has the snapshots of shared tables")
    ]


def test_two_tables_of_one_name_cannot_both_be_shared(tmp_path):
    mart = yaml.safe_load((Path(contracts.__file__).parent / "datasets" / "daily_sales.yaml").read_text("utf-8"))
    mart["schema"][0]["name"] = "orders"
    mart["slaProperties"][0]["element"] = "analytics.orders"

    found = problems_of(tmp_path, GOOD, mart)

    assert ("orders", "a shared table is described once; this one is described 2 times") in {
        (p.value, p.rule) for p in found
    }


def test_a_mart_of_unknown_tables_is_refused(tmp_path):
    mart = yaml.safe_load((Path(contracts.__file__).parent / "datasets" / "daily_sales.yaml").read_text("utf-8"))

    (found, *_) = problems_of(tmp_path, mart)

    assert (found.value, found.rule) == ("curated.order_lines", "a mart is built from tables that a contract describes")


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(contracts.ContractErrors, match="at least one"):
        contracts.load(tmp_path)


def test_the_message_counts_and_lists_the_problems(tmp_path):
    (tmp_path / "d.yaml").write_text("[]", "utf-8")
    with pytest.raises(contracts.ContractErrors, match=r"1 problem in the contracts:\n  d\.yaml: \$: \[\]: ODCS v3"):
        contracts.load(tmp_path)
