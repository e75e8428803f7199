"""The warehouse of a site."""

from __future__ import annotations

import re

import sqlglot
from sqlglot import TokenType
from sqlglot.errors import SqlglotError

from local.clouds.warehouse.catalogue import Store, WarehouseError
from local.clouds.warehouse.definitions import define
from local.clouds.warehouse.queries import query
from local.clouds.warehouse.result import Result
from local.site import Site

_COMMENT = re.compile(r"\s*/\*[^']*?\*/\s*$")
"""At a definition's end, where the contracts say what made it run again; those inside belong to a view's query."""


class Warehouse:
    """Runs Redshift SQL for one site. Keeps nothing open, so any number of processes may have one."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._store = Store(site.state / "warehouse")

    def execute(self, sql: str) -> Result:
        """Run a statement, or several with semicolons between them; gives the last one's result.

        Raises: WarehouseError with the reason and the statement. What ran before it stays.
        """
        statements = _split(sql)
        if not statements:
            raise WarehouseError("there is no statement to run")
        result = Result()
        for statement in statements:
            try:
                result = self._execute(statement)
            except WarehouseError as error:
                raise WarehouseError(f"{error}\nin: {statement}") from error
        return result

    def reset(self) -> None:
        """Forget schemas, views, roles and grants; the lake stays."""
        self._store.clear()

    def _execute(self, statement: str) -> Result:
        if statement.split(None, 1)[0].upper() in ("CREATE", "DROP", "GRANT", "REVOKE"):
            with self._store.change() as catalogue:
                if define(catalogue, _COMMENT.sub("", statement)):
                    return Result()
        return query(self._site, self._store.load(), statement)


def _split(sql: str) -> list[str]:
    """The statements of `sql`, without the semicolons between them; those inside quotes and comments stay."""
    try:
        tokens = sqlglot.tokenize(sql, read="redshift")
    except SqlglotError as error:
        raise WarehouseError(f"not understood as Redshift SQL: {error}\nin: {sql}") from error
    cuts = [token.start for token in tokens if token.token_type == TokenType.SEMICOLON]
    pieces = [sql[start:end] for start, end in zip([0, *(c + 1 for c in cuts)], [*cuts, len(sql)], strict=True)]
    return [piece.strip() for piece in pieces if sqlglot.tokenize(piece, read="redshift")]
