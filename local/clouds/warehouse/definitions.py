"""Redshift's statements that define: external schemas, schemas, views, roles and grants.

Each has a pattern and a function that changes the catalogue. They are idempotent where Redshift's
are (IF NOT EXISTS, OR REPLACE, GRANT, REVOKE) and fail where Redshift's fail (CREATE ROLE of a role
that is there, a grant to a role that is not, a view over the lake that is not late binding).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from local.clouds.warehouse.catalogue import Catalogue, ExternalSchema, Grant, WarehouseError

_NAME = r'(?:"[^"]+"|[a-z_][\w$]*)'
_FLAGS = re.IGNORECASE | re.DOTALL

_Definition = Callable[[Catalogue, re.Match[str]], None]


def define(catalogue: Catalogue, sql: str) -> bool:
    """Carry out a defining statement; False if `sql` is none.

    Raises: WarehouseError if Redshift would refuse it.
    """
    for pattern, function in _DEFINITIONS:
        match = pattern.fullmatch(sql)
        if match:
            function(catalogue, match)
            return True
    return False


def _create_external_schema(catalogue: Catalogue, match: re.Match[str]) -> None:
    name = _plain(match["name"])
    if name in catalogue.external_schemas or name in catalogue.schemas:
        if match["quietly"]:
            return
        raise WarehouseError(f'schema "{name}" already exists; say IF NOT EXISTS to keep it')
    catalogue.external_schemas[name] = ExternalSchema(database=match["database"].lower(), iam_role=match["role"])


def _create_schema(catalogue: Catalogue, match: re.Match[str]) -> None:
    name = _plain(match["name"])
    if name in catalogue.all_schemas and not match["quietly"]:
        raise WarehouseError(f'schema "{name}" already exists; say IF NOT EXISTS to keep it')
    if name not in catalogue.external_schemas:
        catalogue.schemas.add(name)


def _drop_schema(catalogue: Catalogue, match: re.Match[str]) -> None:
    name = _plain(match["name"])
    if name not in catalogue.all_schemas:
        if match["quietly"]:
            return
        catalogue.require_schema(name)
    views = [view for view in catalogue.views if view.startswith(f"{name}.")]
    if views and (match["how"] or "").upper() != "CASCADE":
        raise WarehouseError(f'schema "{name}" still has {", ".join(views)}; drop them or say CASCADE')
    for view in views:
        _forget_relation(catalogue, view)
    catalogue.external_schemas.pop(name, None)
    catalogue.schemas.discard(name)
    catalogue.grants = {g for g in catalogue.grants if (g.kind, g.object) != ("schema", name)}


def _create_view(catalogue: Catalogue, match: re.Match[str]) -> None:
    name = _relation(match["name"])
    schema = name.partition(".")[0]
    catalogue.require_schema(schema)
    if schema in catalogue.external_schemas:
        raise WarehouseError(f'"{schema}" is an external schema; make the view in a schema of the warehouse')
    if name in catalogue.views and not match["replace"]:
        raise WarehouseError(f'relation "{name}" already exists; say CREATE OR REPLACE VIEW to replace it')
    query = match["query"].strip()
    try:
        parsed = sqlglot.parse_one(query, read="redshift")
    except ParseError as error:
        raise WarehouseError(f"the view's query is not understood: {error}") from error
    outside = sorted({t.db for t in parsed.find_all(exp.Table) if t.db in catalogue.external_schemas})
    if outside and not match["late"]:
        raise WarehouseError(
            f"External tables are not supported in views ({', '.join(outside)}): add WITH NO SCHEMA BINDING"
        )
    catalogue.views[name] = query


def _drop_view(catalogue: Catalogue, match: re.Match[str]) -> None:
    name = _relation(match["name"])
    if name not in catalogue.views and not match["quietly"]:
        raise WarehouseError(f'view "{name}" does not exist; there are: {", ".join(sorted(catalogue.views)) or "none"}')
    _forget_relation(catalogue, name)


def _create_role(catalogue: Catalogue, match: re.Match[str]) -> None:
    name = _plain(match["name"])
    if name in catalogue.roles:
        raise WarehouseError(f'role "{name}" already exists')
    catalogue.roles.add(name)


def _drop_role(catalogue: Catalogue, match: re.Match[str]) -> None:
    name = _plain(match["name"])
    _require_role(catalogue, name)
    catalogue.roles.remove(name)
    catalogue.grants = {
        g
        for g in catalogue.grants
        if (g.grantee_type, g.grantee) != ("role", name) and (g.kind, g.object) != ("role", name)
    }


def _grant_role(catalogue: Catalogue, match: re.Match[str]) -> None:
    given: set[Grant] = set()
    for role in _names(match["roles"]):
        _require_role(catalogue, role)
        given |= {Grant("role", role, "MEMBER", *to) for to in _grantees(catalogue, match["grantees"])}
    _apply(catalogue, match, given)


def _grant(catalogue: Catalogue, match: re.Match[str]) -> None:
    privileges = [" ".join(p.split()).upper().removesuffix(" PRIVILEGES") for p in match["privileges"].split(",")]
    given = {
        Grant(kind, name, privilege, *to)
        for kind, name in _objects(catalogue, match["objects"].strip())
        for privilege in privileges
        for to in _grantees(catalogue, match["grantees"])
    }
    _apply(catalogue, match, given)


def _apply(catalogue: Catalogue, match: re.Match[str], grants: set[Grant]) -> None:
    if match["verb"].upper() == "GRANT":
        catalogue.grants |= grants
    else:
        catalogue.grants -= grants


def _objects(catalogue: Catalogue, text: str) -> list[tuple[str, str]]:
    """The (kind, name) that a grant is on; ALL TABLES means those that are there now, as in Redshift."""
    words = text.split(None, 1)
    if all_tables := re.fullmatch(r"ALL\s+TABLES\s+IN\s+SCHEMA\s+(.+)", text, _FLAGS):
        found: list[tuple[str, str]] = []
        for schema in _names(all_tables[1]):
            _require_inner(catalogue, schema)
            found += [("relation", view) for view in catalogue.views if view.startswith(f"{schema}.")]
        return found
    if words[0].upper() == "SCHEMA":
        schemas = _names(words[1])
        for schema in schemas:
            catalogue.require_schema(schema)
        return [("schema", schema) for schema in schemas]
    if words[0].upper() == "DATABASE":
        return [("database", name) for name in _names(words[1])]
    listed = words[1] if words[0].upper() == "TABLE" else text
    relations = [_relation(part) for part in listed.split(",")]
    for relation in relations:
        _require_inner(catalogue, relation.partition(".")[0])
        if relation not in catalogue.views:
            raise WarehouseError(
                f'relation "{relation}" does not exist; there are: {", ".join(sorted(catalogue.views))}'
            )
    return [("relation", relation) for relation in relations]


def _require_inner(catalogue: Catalogue, schema: str) -> None:
    catalogue.require_schema(schema)
    if schema in catalogue.external_schemas:
        raise WarehouseError(
            f'"{schema}" is an external schema: its tables have no privileges of their own; '
            f"GRANT USAGE ON SCHEMA {schema}"
        )


def _grantees(catalogue: Catalogue, text: str) -> list[tuple[str, str]]:
    grantees = []
    for part in text.split(","):
        words = part.split()
        kind = words[0].lower() if len(words) == 2 and words[0].lower() in ("role", "group") else "user"
        name = _plain(words[-1])
        if kind == "role":
            _require_role(catalogue, name)
        grantees.append(("public", "public") if name == "public" else (kind, name))
    return grantees


def _require_role(catalogue: Catalogue, name: str) -> None:
    if name not in catalogue.roles:
        raise WarehouseError(f'role "{name}" does not exist; there are: {", ".join(sorted(catalogue.roles)) or "none"}')


def _forget_relation(catalogue: Catalogue, name: str) -> None:
    catalogue.views.pop(name, None)
    catalogue.grants = {g for g in catalogue.grants if (g.kind, g.object) != ("relation", name)}


def _names(text: str) -> list[str]:
    return [_plain(part) for part in text.split(",")]


def _plain(name: str) -> str:
    """An identifier as Redshift keeps it: without quotes, in lower case."""
    return name.strip().strip('"').lower()


def _relation(name: str) -> str:
    parts = [_plain(part) for part in name.strip().split(".")]
    return ".".join(parts if len(parts) == 2 else ["public", *parts])


_GRANTEES = r"(?P<grantees>.+?)(?:\s+WITH\s+(?:GRANT|ADMIN)\s+OPTION)?(?:\s+(?:CASCADE|RESTRICT))?"

_DEFINITIONS: tuple[tuple[re.Pattern[str], _Definition], ...] = tuple(
    (re.compile(pattern, _FLAGS), function)
    for pattern, function in (
        (
            rf"CREATE\s+EXTERNAL\s+SCHEMA\s+(?P<quietly>IF\s+NOT\s+EXISTS\s+)?(?P<name>{_NAME})\s+FROM\s+DATA\s+CATALOG\s+"
            r"DATABASE\s+'(?P<database>[^']+)'(?:\s+REGION\s+'[^']+')?\s+IAM_ROLE\s+(?:'(?P<role>[^']+)'|DEFAULT)"
            r"(?:\s+CREATE\s+EXTERNAL\s+DATABASE\s+IF\s+NOT\s+EXISTS)?",
            _create_external_schema,
        ),
        (
            rf"CREATE\s+SCHEMA\s+(?P<quietly>IF\s+NOT\s+EXISTS\s+)?(?P<name>{_NAME})(?:\s+AUTHORIZATION\s+{_NAME})?",
            _create_schema,
        ),
        (
            rf"DROP\s+SCHEMA\s+(?P<quietly>IF\s+EXISTS\s+)?(?P<name>{_NAME})(?:\s+(?P<how>CASCADE|RESTRICT))?",
            _drop_schema,
        ),
        (
            rf"CREATE\s+(?P<replace>OR\s+REPLACE\s+)?VIEW\s+(?P<name>{_NAME}(?:\.{_NAME})?)\s+AS\s+(?P<query>.+?)"
            r"(?P<late>\s+WITH\s+NO\s+SCHEMA\s+BINDING)?",
            _create_view,
        ),
        (
            rf"DROP\s+VIEW\s+(?P<quietly>IF\s+EXISTS\s+)?(?P<name>{_NAME}(?:\.{_NAME})?)(?:\s+(?:CASCADE|RESTRICT))?",
            _drop_view,
        ),
        (rf"CREATE\s+ROLE\s+(?P<name>{_NAME})", _create_role),
        (rf"DROP\s+ROLE\s+(?P<name>{_NAME})(?:\s+(?:FORCE|RESTRICT))?", _drop_role),
        (rf"(?P<verb>GRANT)\s+ROLE\s+(?P<roles>.+?)\s+TO\s+{_GRANTEES}", _grant_role),
        (rf"(?P<verb>REVOKE)\s+ROLE\s+(?P<roles>.+?)\s+FROM\s+{_GRANTEES}", _grant_role),
        (rf"(?P<verb>GRANT)\s+(?P<privileges>.+?)\s+ON\s+(?P<objects>.+?)\s+TO\s+{_GRANTEES}", _grant),
        (rf"(?P<verb>REVOKE)\s+(?P<privileges>.+?)\s+ON\s+(?P<objects>.+?)\s+FROM\s+{_GRANTEES}", _grant),
    )
)
