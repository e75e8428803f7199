"""What a table is to Iceberg and to the Glue Data Catalog."""

from __future__ import annotations

import json
import re

import pytest
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema

import contracts

LOADED = contracts.load()


@pytest.mark.parametrize("table", LOADED.iceberg_tables, ids=lambda t: t.full_name)
def test_every_table_is_one_that_iceberg_reads(table: contracts.Table) -> None:
    schema = Schema.model_validate(table.iceberg_schema())
    spec = PartitionSpec.model_validate(table.iceberg_partition_spec())
    ids = re.findall(r'"(?:id|element-id|key-id|value-id)": (\d+)', json.dumps(table.iceberg_schema()))
    assert len(ids) == len(set(ids))
    assert {schema.find_column_name(i) for i in schema.identifier_field_ids} == set(table.primary_key)
    assert [schema.find_column_name(f.source_id) for f in spec.fields] == [p.column for p in table.partition_by]


def test_glue_sees_nested_types_as_hive_writes_them() -> None:
    columns = {name: kind for name, kind, _ in LOADED.table("curated", "orders").glue_columns()}
    assert columns["net_amount"] == "decimal(14,2)"
    assert columns["events"].startswith("array<struct<event_id:string,")
    ledger = {name: kind for name, kind, _ in LOADED.table("operations", "ledger").glue_columns()}
    assert ledger["quarantined"] == "map<string,bigint>"
