"""Writes the SQL that makes the lake's tables visible in Redshift: external schemas, report views, roles and grants.

Redshift has no grants on columns of external tables (only Lake Formation has), and USAGE on an external schema opens
every table in it. So only engineers have that. Everybody else reads `reports`: a view a table, without its personal
columns and without nested ones, which Spectrum cannot select. A view runs with its owner's rights (CREATE VIEW in the
Redshift developer guide): who may read it needs none on what is below it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from contracts.model import Contracts, Table

REPORTS = "reports"
ANALYST = "analyst"
BI = "bi"
ENGINEER = "engineer"
READERS = {"curated": (ANALYST, ENGINEER), "analytics": (ANALYST, BI, ENGINEER)}
"""Database -> the roles that may read the report views of its tables."""


@dataclass(frozen=True)
class Statement:
    """One statement; later ones may need earlier ones. `name` is stable and unique.

    A statement runs again when its SQL changes, and never otherwise.
    """

    name: str
    sql: str


def warehouse_statements(contracts: Contracts, *, database_role_arn: str, region: str) -> list[Statement]:
    """Return the statements in the order in which they must run.

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
    statements += [
        Statement(f"schema-{REPORTS}", f"CREATE SCHEMA IF NOT EXISTS {REPORTS}"),
        # Everybody may make tables in `public` of a new database: copies of data that nobody owns.
        Statement("public-closed", "REVOKE CREATE ON SCHEMA public FROM PUBLIC"),
    ]
    for role in (ANALYST, BI, ENGINEER):
        statements += [
            Statement(f"role-{role}", f"CREATE ROLE {role}"),
            Statement(f"grant-{role}-{REPORTS}", f"GRANT USAGE ON SCHEMA {REPORTS} TO ROLE {role}"),
        ]
    statements += [
        Statement(f"grant-{ENGINEER}-{name}", f"GRANT USAGE ON SCHEMA {name} TO ROLE {ENGINEER}") for name in visible
    ]
    for table in contracts.tables:
        if table.database in READERS and table.report_columns():
            statements += _view(table)
    return statements


def _view(table: Table) -> Iterator[Statement]:
    """Yield the statements of a table's report view, made anew when its columns change.

    Redshift replaces a view only by one with the same columns, so it is dropped first, and its grants with it: the
    comment makes these statements run again too.
    """
    columns = ", ".join(f'"{name}"' for name in table.report_columns())
    revision = hashlib.sha256(columns.encode()).hexdigest()[:8]
    view = f"{REPORTS}.{table.name}"
    yield Statement(f"drop-view-{table.name}", f"DROP VIEW IF EXISTS {view} /* for columns {revision} */")
    yield Statement(
        f"view-{table.name}",
        f"CREATE OR REPLACE VIEW {view} AS SELECT {columns} FROM {table.full_name} WITH NO SCHEMA BINDING",
    )
    for role in READERS[table.database]:
        sql = f"GRANT SELECT ON {view} TO ROLE {role} /* for columns {revision} */"
        yield Statement(f"grant-{role}-view-{table.name}", sql)
