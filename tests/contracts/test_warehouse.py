"""The SQL that lets people read the lake, and only what is theirs to read."""

from __future__ import annotations

import re
from dataclasses import replace

import contracts

LOADED = contracts.load()


def test_only_engineers_may_use_the_schemas_that_hold_personal_data() -> None:
    statements = contracts.warehouse_statements(LOADED, database_role_arn="arn:r", region="eu-west-1")
    assert len({s.name for s in statements}) == len(statements)
    schemas = {"curated", "analytics", "operations", "reports"}
    usage = {
        (schema, role)
        for s in statements
        if (match := re.fullmatch(r"GRANT USAGE ON SCHEMA (\w+) TO ROLE (\w+)", s.sql))
        for schema, role in [match.groups()]
    }
    assert {schema for schema, role in usage if role == "engineer"} == schemas
    assert {schema for schema, role in usage if role in ("analyst", "bi")} == {"reports"}


def test_a_report_view_shows_no_personal_and_no_nested_column() -> None:
    statements = contracts.warehouse_statements(LOADED, database_role_arn="arn:r", region="eu-west-1")
    by_name = {s.name: s.sql for s in statements}
    assert "customer_id" not in by_name["view-orders"]
    assert '"net_amount_eur"' in by_name["view-orders"]
    reported = [table for table in LOADED.tables if table.database in ("curated", "analytics")]
    assert {name for name in by_name if name.startswith("view-")} == {f"view-{table.name}" for table in reported}
    for table in reported:
        view = by_name[f"view-{table.name}"]
        shown = set(re.findall(r'"(\w+)"', view))
        hidden = {c.name for c in table.columns if c.classification == "personal" or not isinstance(c.type, str)}
        assert not shown & hidden
        assert shown | hidden == {c.name for c in table.columns}


def test_analysts_read_every_report_and_bi_those_of_marts() -> None:
    statements = contracts.warehouse_statements(LOADED, database_role_arn="arn:r", region="eu-west-1")
    readers: dict[str, set[str]] = {
        table.name: set() for table in LOADED.tables if table.database in ("curated", "analytics")
    }
    for s in statements:
        if match := re.match(r"GRANT SELECT ON reports\.(\w+) TO ROLE (\w+)", s.sql):
            readers[match[1]].add(match[2])
    marts = {mart.name for mart in LOADED.marts}
    for name, roles in readers.items():
        assert roles == {"analyst", "engineer"} | ({"bi"} if name in marts else set()), name


def test_a_view_whose_columns_change_is_made_anew_with_its_grants_and_no_other_is() -> None:
    def sql(contracts_: contracts.Contracts) -> dict[str, str]:
        made = contracts.warehouse_statements(contracts_, database_role_arn="arn:r", region="eu-west-1")
        return {s.name: s.sql for s in made}

    def personal(table: contracts.Table) -> contracts.Table:
        if table.full_name != "curated.orders":
            return table
        columns = tuple(
            replace(c, classification="personal") if c.name == "net_amount_eur" else c for c in table.columns
        )
        return replace(table, columns=columns)

    before = sql(LOADED)
    datasets = tuple(replace(d, tables=tuple(personal(t) for t in d.tables)) for d in LOADED.datasets)
    after = sql(contracts.Contracts(datasets))
    changed = [name for name in before if before[name] != after[name]]
    assert changed == ["drop-view-orders", "view-orders", "grant-analyst-view-orders", "grant-engineer-view-orders"]
    order = list(before)
    assert [order.index(name) for name in changed] == sorted(order.index(name) for name in changed)
