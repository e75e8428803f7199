"""Redshift's system views over what the catalogue knows, with the columns that we use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.clouds import tables
from local.clouds.warehouse.catalogue import Catalogue
from local.site import Site

_Rows = tuple[tuple[str, ...], list[tuple[Any, ...]]]


def _external_schemas(site: Site, catalogue: Catalogue) -> _Rows:
    rows = [(name, schema.database, schema.iam_role) for name, schema in sorted(catalogue.external_schemas.items())]
    return ("schemaname", "databasename", "esoptions"), rows


def _external_tables(site: Site, catalogue: Catalogue) -> _Rows:
    glue = tables.catalog(site)
    rows: list[tuple[Any, ...]] = []
    for name, schema in sorted(catalogue.external_schemas.items()):
        for identifier in sorted(glue.list_tables(schema.database)):
            rows.append((name, identifier[-1], glue.load_table(identifier).location()))
    return ("schemaname", "tablename", "location"), rows


def _roles(site: Site, catalogue: Catalogue) -> _Rows:
    return ("role_name",), [(name,) for name in sorted(catalogue.roles)]


def _schema_privileges(site: Site, catalogue: Catalogue) -> _Rows:
    rows = [(g.object, g.privilege, g.grantee, g.grantee_type) for g in sorted(catalogue.grants) if g.kind == "schema"]
    return ("namespace_name", "privilege_type", "identity_name", "identity_type"), rows


def _relation_privileges(site: Site, catalogue: Catalogue) -> _Rows:
    rows = [
        (*g.object.split(".", 1), g.privilege, g.grantee, g.grantee_type)
        for g in sorted(catalogue.grants)
        if g.kind == "relation"
    ]
    return ("namespace_name", "relation_name", "privilege_type", "identity_name", "identity_type"), rows


def _role_grants(site: Site, catalogue: Catalogue) -> _Rows:
    rows = [(g.grantee, g.object) for g in sorted(catalogue.grants) if (g.kind, g.grantee_type) == ("role", "role")]
    return ("role_name", "granted_role_name"), rows


SYSTEM_VIEWS: dict[str, Callable[[Site, Catalogue], _Rows]] = {
    "svv_external_schemas": _external_schemas,
    "svv_external_tables": _external_tables,
    "svv_roles": _roles,
    "svv_schema_privileges": _schema_privileges,
    "svv_relation_privileges": _relation_privileges,
    "svv_role_grants": _role_grants,
}
"""Name of the view -> what gives its columns and rows."""
