"""SQL that makes the lake's tables visible in Redshift: external schemas, report views, roles and grants."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.model import Contracts

REPORTS = "reports"
ANALYST = "analyst"
ENGINEER = "data_engineer"


@dataclass(frozen=True)
class Statement:
    """One statement; later ones may need earlier ones. `name` is stable and unique."""

    name: str
    sql: str


def warehouse_statements(contracts: Contracts, *, database_role_arn: str, region: str) -> list[Statement]:
    """The statements in the order in which they must run.

    Analysts read the analytics schema and `reports`, where each curated table is a view without its personal
    and nested columns (Redshift has no column grants on external tables); data engineers read every schema.

    Args:
        database_role_arn: the role that Redshift takes to read the Glue Data Catalog and S3.
        region: the region of the Glue Data Catalog.
    """
    visible = [name for name in contracts.databases if name != "raw"]
    statements = [
        Statement(
            f"schema-{name}",
            f"CREATE EXTERNAL SCHEMA IF NOT EXISTS {name} FROM DATA CATALOG DATABASE '{name}' "
            f"REGION '{region}' IAM_ROLE '{database_role_arn}'",
        )
        for name in visible
    ]
    statements += [Statement(f"role-{role}", f"CREATE ROLE {role}") for role in (ANALYST, ENGINEER)]
    statements += [
        Statement(f"grant-{ENGINEER}-{name}", f"GRANT USAGE ON SCHEMA {name} TO ROLE {ENGINEER}") for name in visible
    ]
    if "analytics" in visible:
        statements.append(Statement(f"grant-{ANALYST}-analytics", f"GRANT USAGE ON SCHEMA analytics TO ROLE {ANALYST}"))
    statements.append(Statement(f"schema-{REPORTS}", f"CREATE SCHEMA IF NOT EXISTS {REPORTS}"))
    for table in contracts.tables:
        if table.database == "curated":
            columns = ", ".join(f'"{name}"' for name in table.report_columns())
            statements.append(
                Statement(
                    f"view-{table.name}",
                    f"CREATE OR REPLACE VIEW {REPORTS}.{table.name} AS SELECT {columns} "
                    f"FROM curated.{table.name} WITH NO SCHEMA BINDING",
                )
            )
    for role in (ANALYST, ENGINEER):
        statements += [
            Statement(f"grant-{role}-{REPORTS}", f"GRANT USAGE ON SCHEMA {REPORTS} TO ROLE {role}"),
            Statement(
                f"grant-{role}-{REPORTS}-tables", f"GRANT SELECT ON ALL TABLES IN SCHEMA {REPORTS} TO ROLE {role}"
            ),
        ]
    return statements
