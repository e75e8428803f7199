"""The guide that adds a field to a contract: it is in the table, in the schemas, and in what the bridge may send."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.guides.running import Copy, carry_out

FIELD = "sales_channel"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return carry_out("add-a-contract-field", tmp_path_factory.mktemp("guide"))


def test_beside_pages_and_what_a_command_writes_there_are_the_contract_and_a_record_that_breaks_its_rule(
    done: Copy,
) -> None:
    written = {"tests/baselines/prod.json", "tests/baselines/nonprod.json"}
    pages = {"docs/data.md", "CHANGELOG.md"}

    assert set(done.promised) - written - pages == {
        "contracts/datasets/orders.yaml",
        "tests/etl/lakehouse/test_record.py",
    }


@pytest.mark.parametrize("stack", ["prod", "nonprod"])
def test_the_glue_table_is_made_with_the_column_in_its_iceberg_schema(done: Copy, stack: str) -> None:
    made = done.resource(stack, "catalog-curated-orders")["openTableFormatInput"]["icebergInput"]
    columns = {column["name"]: column for column in made["icebergTableInput"]["schema"]["fields"]}

    assert json.loads(columns[FIELD]["type"]) == "string"
    assert not columns[FIELD]["required"]


@pytest.mark.parametrize("stack", ["prod", "nonprod"])
def test_the_bridge_may_send_it_and_googles_schema_takes_it(done: Copy, stack: str) -> None:
    assets = done.resource(stack, "bridge-function")["code"]["assets"]
    shared = json.loads(assets["contract.json"]["text"])["topics"]["orders"]["fields"]
    schema = done.resource(stack, "bridge-orders-schema")["definition"]

    assert {"name": FIELD, "required": False, "type": "string"} in shared
    assert f"optional string {FIELD} = " in schema


def test_the_job_reads_it_of_a_record_and_writes_it_to_the_table(done: Copy) -> None:
    compiled: dict[str, Any] = json.loads(_compiled(done))
    orders = compiled["datasets"]["orders"]

    assert FIELD in [field["name"] for field in orders["fields"]]
    assert FIELD in [column["name"] for column in orders["tables"]["orders"]["columns"]]


def _compiled(done: Copy) -> str:
    command = "import contracts, json; print(json.dumps(contracts.compile_all(contracts.load())))"
    assert done.run(f".venv/bin/python -c '{command}'") == 0, done.said
    return done.said
