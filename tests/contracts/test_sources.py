"""What the loader refuses in a table whose changes are captured."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts.documents import CUSTOMERS, FIELDS, NO_SLA, TOPIC, Document, added, assert_found, customers

CASES = [
    pytest.param(customers("team", "members", to=[]), "$.team.members", "role `owner`", id="owner"),
    pytest.param(customers("slaProperties", 0, to=NO_SLA), "$.slaProperties", "raw.customers", id="retention"),
    pytest.param(
        customers("schema", 0, "physicalName", to="shop.customers"),
        f"{TOPIC}.physicalName",
        "database.schema.table",
        id="place",
    ),
    pytest.param(
        customers(*FIELDS, 1, "physicalType", to="text"),
        f"{TOPIC}.properties[1].physicalType",
        "a PostgreSQL type: bigint,",
        id="a LOB",
    ),
    pytest.param(
        customers(*FIELDS, 1, "physicalType", to="numeric(39,2)"),
        f"{TOPIC}.properties[1].physicalType",
        "a PostgreSQL type: bigint,",
        id="more digits than Parquet has",
    ),
    pytest.param(
        customers(*FIELDS, 0, "logicalType", to="string"),
        f"{TOPIC}.properties[0].logicalType",
        "bigint has logicalType integer",
        id="pair of types",
    ),
    pytest.param(
        customers(*FIELDS, 1, "name", to="cdc_timestamp"),
        f"{TOPIC}.properties[1].name",
        "a column of its own",
        id="DMS's own column",
    ),
    pytest.param(
        customers(*FIELDS, 0, "required", to=False), f"{TOPIC}.properties[0].required", "is required", id="key nullable"
    ),
    pytest.param(
        customers("schema", 0, "properties", to=CUSTOMERS["schema"][0]["properties"][1:]),
        f"{TOPIC}.properties",
        "a captured table has a primary key",
        id="no key",
    ),
    pytest.param(
        added(0, "prefix", "elsewhere", of=CUSTOMERS),
        f"{TOPIC}.customProperties[1].property",
        "one of: classification",
        id="unknown property",
    ),
]


@pytest.mark.parametrize(("document", "path", "rule"), CASES)
def test_a_wrong_value_is_named_with_its_place_and_its_rule(
    tmp_path: Path, document: Document, path: str, rule: str
) -> None:
    assert_found(tmp_path, document, path, rule)
