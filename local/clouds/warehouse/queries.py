"""Queries: Redshift's SQL, translated by sqlglot, over Arrow tables that pyiceberg reads, in DuckDB.

Only the tables that a query names, itself or through views, are read, and of each only once.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import sqlglot
from pyiceberg.exceptions import NoSuchTableError
from sqlglot import exp
from sqlglot.errors import SqlglotError

from local.clouds import tables
from local.clouds.warehouse.catalogue import Catalogue, WarehouseError
from local.clouds.warehouse.result import Result
from local.clouds.warehouse.system_views import SYSTEM_VIEWS
from local.site import Site

DATABASE = "novaretail"
"""The warehouse's one database; a query may name it before a schema."""


def query(site: Site, catalogue: Catalogue, sql: str) -> Result:
    """Run one query.

    Raises: WarehouseError for what sqlglot cannot read, a relation that is not there (with those that
    are), and for whatever DuckDB refuses.
    """
    session = _Session(site, catalogue)
    statement = session.prepare(sql)
    try:
        answer = session.connection.sql(statement)
        # Through Arrow, since DuckDB's own fetch needs pytz for times with a zone.
        table = answer.to_arrow_table()
    except duckdb.Error as error:
        raise WarehouseError(f"{error}\nas DuckDB got it: {statement}") from error
    columns = [[_value(value) for value in column.to_pylist()] for column in table.columns]
    return Result(tuple(table.column_names), tuple(zip(*columns, strict=True)))


class _Session:
    """An empty DuckDB into which the relations of one query are brought."""

    def __init__(self, site: Site, catalogue: Catalogue) -> None:
        self._site = site
        self._catalogue = catalogue
        self._brought: set[str] = set()
        self.connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
        self.connection.execute("SET TimeZone = 'UTC'; SET integer_division = true")

    def prepare(self, sql: str) -> str:
        """`sql` for DuckDB, once all it reads is there."""
        try:
            parsed = sqlglot.parse_one(sql, read="redshift")
        except SqlglotError as error:
            raise WarehouseError(f"not understood as Redshift SQL: {error}") from error
        if not isinstance(parsed, exp.Query):
            raise WarehouseError(
                f"{parsed.key.upper()} is not run here: the warehouse stand-in runs queries, external schemas, "
                "schemas, views, roles and grants"
            )
        common = {cte.alias_or_name for cte in parsed.find_all(exp.CTE)}
        for table in parsed.find_all(exp.Table):
            if not table.db and table.name in common:
                continue
            if table.catalog and table.catalog.lower() != DATABASE:
                raise WarehouseError(f'database "{table.catalog}" does not exist; the warehouse has {DATABASE} alone')
            table.set("catalog", None)
            self._bring(table)
        return parsed.sql(dialect="duckdb")

    def _bring(self, table: exp.Table) -> None:
        schema, name = table.db.lower(), table.name.lower()
        if not schema and name in SYSTEM_VIEWS:
            columns, rows = SYSTEM_VIEWS[name](self._site, self._catalogue)
            self._register("main", name, pa.table({c: [row[i] for row in rows] for i, c in enumerate(columns)}))
            return
        if not schema:
            schema = "public"
            table.set("db", exp.to_identifier(schema))
        self._catalogue.require_schema(schema)
        full = f"{schema}.{name}"
        if full in self._brought:
            return
        if external := self._catalogue.external_schemas.get(schema):
            try:
                self._register(schema, name, tables.read(self._site, f"{external.database}.{name}"))
            except NoSuchTableError as error:
                raise WarehouseError(
                    f'relation "{full}" does not exist; {schema} has: {self._tables(external.database)}'
                ) from error
        elif full in self._catalogue.views:
            self._brought.add(full)
            body = self.prepare(self._catalogue.views[full])
            self._execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"', f'CREATE VIEW "{schema}"."{name}" AS {body}')
        else:
            views = sorted(view for view in self._catalogue.views if view.startswith(f"{schema}."))
            raise WarehouseError(f'relation "{full}" does not exist; {schema} has: {", ".join(views) or "nothing"}')

    def _register(self, schema: str, name: str, rows: pa.Table) -> None:
        if f"{schema}.{name}" in self._brought:
            return
        self._brought.add(f"{schema}.{name}")
        source = f"arrow {schema} {name}"
        self.connection.register(source, rows)
        self._execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"', f'CREATE VIEW "{schema}"."{name}" AS FROM "{source}"')

    def _execute(self, *statements: str) -> None:
        for statement in statements:
            try:
                self.connection.execute(statement)
            except duckdb.Error as error:
                raise WarehouseError(f"{error}\nas DuckDB got it: {statement}") from error

    def _tables(self, database: str) -> str:
        names = sorted(identifier[-1] for identifier in tables.catalog(self._site).list_tables(database))
        return ", ".join(names) or "nothing"


def _value(value: Any) -> Any:
    """Sums of integers are wide decimals without a fraction: as integers they print and compare as one expects."""
    if isinstance(value, Decimal) and value.as_tuple().exponent == 0:
        return int(value)
    return value
