"""Rows and changes into the shop's database, as the shop's own software would write them."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from typing import Any

from psycopg2 import sql

from local.rehearsal.replay.producer import ReplayError
from local.rehearsal.replay.shop import KEYS, Change, Row, Table

SCHEMA = "shop"


def fill_tables(connection: Any, tables: Iterable[Table]) -> dict[str, int]:
    """Write the tables' rows, in one transaction each; gives their number by table."""
    return {table.name: _copy(connection, table.name, list(table.rows.values())) for table in tables}


def commit_changes(connection: Any, changes: Iterable[Change]) -> tuple[list[Change], Counter[str]]:
    """Commit each change on its own; gives them, and how many there are of each kind.

    Raises: ReplayError if a change finds no row, or more than one.
    """
    done: list[Change] = []
    with connection.cursor() as cursor:
        for change in changes:
            cursor.execute(*_statement(change))
            if cursor.rowcount != 1:
                raise ReplayError(f"{change.kind} of {change.table} {change.key} met {cursor.rowcount} rows")
            done.append(change)
    return done, Counter(change.kind for change in done)


def _copy(connection: Any, table: str, rows: list[Row]) -> int:
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow(["\\N" if value is None else value for value in row.values()])
    text.seek(0)
    columns = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
    with connection.cursor() as cursor:
        query = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, NULL '\\N')").format(_name(table), columns)
        cursor.copy_expert(query, text)
    return len(rows)


def _statement(change: Change) -> tuple[sql.Composable, list[Any]]:
    table, key = _name(change.table), sql.Identifier(KEYS[change.table])
    names = list(map(sql.Identifier, change.values))
    values = list(change.values.values())
    if change.op == "I":
        placeholders = sql.SQL(", ").join([sql.Placeholder()] * len(names))
        return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(table, sql.SQL(", ").join(names), placeholders), values
    if change.op == "D":
        return sql.SQL("DELETE FROM {} WHERE {} = %s").format(table, key), [change.key]
    sets = sql.SQL(", ").join(sql.SQL("{} = %s").format(name) for name in names)
    return sql.SQL("UPDATE {} SET {} WHERE {} = %s").format(table, sets, key), [*values, change.key]


def _name(table: str) -> sql.Composable:
    return sql.Identifier(SCHEMA, table)
