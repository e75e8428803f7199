"""What the contracts of captured tables render to: DMS's table mapping, the source's DDL, the table in raw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import contracts
from contracts import cdc

LOADED = contracts.load()
RULES = contracts.table_mappings(LOADED)["rules"]


def _of(action: str) -> list[dict[str, Any]]:
    return [rule for rule in RULES if rule["rule-action"] == action]


def test_the_mapping_selects_the_contracts_tables_and_nothing_by_pattern() -> None:
    selected = {(r["object-locator"]["schema-name"], r["object-locator"]["table-name"]) for r in _of("include")}
    assert selected == {(source.schema, source.name) for source in LOADED.source_tables}
    assert ("shop", "customers") in selected
    assert [r for r in RULES if r["rule-type"] == "selection"] == _of("include")
    assert not any("%" in value for rule in RULES for value in rule["object-locator"].values())


def test_the_mapping_lets_through_the_described_columns_only() -> None:
    kept: dict[str, list[str]] = {}
    for rule in _of("include-column"):
        assert (rule["rule-type"], rule["rule-target"]) == ("transformation", "column")
        kept.setdefault(rule["object-locator"]["table-name"], []).append(rule["object-locator"]["column-name"])
    assert kept == {source.name: [column.name for column in source.columns] for source in LOADED.source_tables}


def test_rules_have_numbers_and_names_of_their_own() -> None:
    assert [rule["rule-id"] for rule in RULES] == [str(number) for number in range(1, len(RULES) + 1)]
    assert len({rule["rule-name"] for rule in RULES}) == len(RULES)


def test_dms_writes_where_the_raw_table_lies() -> None:
    (folder,) = [rule for rule in _of("rename") if rule["rule-target"] == "schema"]
    assert folder["object-locator"] == {"schema-name": "shop"}
    for source in LOADED.source_tables:
        assert source.raw_table.prefix == f"{folder['value']}/{source.raw_table.name}"


def test_a_table_is_renamed_only_where_the_lake_calls_it_differently(tmp_path: Path) -> None:
    text = (contracts.loader.FOLDER / "products.yaml").read_text("utf-8")
    (tmp_path / "products.yaml").write_text(text.replace("shop.shop.products", "shop.shop.articles"), "utf-8")

    rules = contracts.table_mappings(contracts.load(tmp_path))["rules"]

    assert [r["rule-target"] for r in _of("rename")] == ["schema"]
    (renamed,) = [rule for rule in rules if rule.get("rule-target") == "table"]
    assert (renamed["object-locator"]["table-name"], renamed["value"]) == ("articles", "products")


def test_raw_has_what_dms_adds_and_every_column_as_dms_writes_it() -> None:
    table = LOADED.table("raw", "customers")
    columns = {column.name: column for column in table.columns}
    assert list(columns)[:4] == ["op", "cdc_timestamp", "customer_id", "email"]
    assert [columns[name].type for name in ("op", "cdc_timestamp", "customer_id")] == ["string", "string", "long"]
    assert columns["updated_at"].type == "timestamp"
    assert (columns["email"].classification, columns["country"].classification) == ("personal", "internal")
    assert (table.format, table.role, table.partition_by) == ("parquet", "raw", ())


def test_the_source_tables_are_made_with_their_keys_and_log_whole_rows() -> None:
    schema, *tables = contracts.source_ddl(LOADED)
    assert schema == "CREATE SCHEMA IF NOT EXISTS shop"
    made, identity = tables[:2]
    assert made.startswith("CREATE TABLE IF NOT EXISTS shop.customers (\n  customer_id bigint NOT NULL,\n")
    assert made.endswith("\n  PRIMARY KEY (customer_id)\n)")
    assert "\n  age varchar(16),\n" in made
    assert identity == "ALTER TABLE shop.customers REPLICA IDENTITY FULL"
    assert len(tables) == 2 * len(LOADED.source_tables)


def test_types_are_those_that_dms_carries_over_whole() -> None:
    assert cdc.landed("numeric(12,2)") == ("number", "decimal(12,2)")
    assert cdc.landed("varchar(40)") == ("string", "string")
    for physical in ("text", "varchar", "varchar(0)", "numeric", "numeric(4,5)", "jsonb", "timestamptz", "boolean", ""):
        assert cdc.landed(physical) is None, physical
