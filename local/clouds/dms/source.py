"""The database that is replicated: its tables, its slot and its publication.

DMS reads the log by a plugin that needs no publication. pgoutput needs one, so the server's administrator makes it: the
endpoint's user needs no more rights here than on RDS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extras import LogicalReplicationConnection

from local.clouds.dms.mappings import TableName
from local.clouds.dms.pgoutput import Column, Relation, Row, Value
from local.clouds.services import postgres
from local.site import Site

SETTINGS = "-c timezone=UTC -c datestyle=ISO -c extra_float_digits=3 -c bytea_output=hex"
"""So that a value's text is the same in the load and in the changes, and loses nothing."""
HEARTBEAT_TABLE = "awsdms_heartbeat"


class SourceError(Exception):
    """The source cannot be replicated as it is; the text says what to change."""


def connect(dsn: str) -> Any:
    connection = psycopg2.connect(dsn, options=SETTINGS)
    connection.autocommit = True
    return connection


def connect_for_replication(dsn: str) -> Any:
    return psycopg2.connect(dsn, options=SETTINGS, connection_factory=LogicalReplicationConnection)


def admin(site: Site, database: str) -> Any:
    """The server's administrator."""
    return connect(postgres.dsn(site, database))


def tables(connection: Any) -> list[TableName]:
    """Every table of the database's own schemas."""
    return [
        (schema, name)
        for schema, name in _rows(
            connection,
            """
            SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%%'
              AND c.relname <> %s
            ORDER BY 1, 2
            """,
            (HEARTBEAT_TABLE,),
        )
    ]


def relation(connection: Any, table: TableName) -> Relation:
    """A table as pgoutput would describe it.

    Raises: SourceError if its rows cannot be told apart: then the source would refuse to update or delete them.
    """
    oid, identity = _rows(
        connection,
        """
        SELECT c.oid::bigint, c.relreplident FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = %s AND c.relname = %s
        """,
        table,
    )[0]
    key = key_columns(connection, oid)
    if identity == "n" or (identity != "f" and not key):
        raise SourceError(
            f"{'.'.join(table)} has neither a primary key nor a replica identity, so its updates and deletes cannot "
            "be replicated; give it a primary key, or ALTER TABLE ... REPLICA IDENTITY FULL"
        )
    columns = _rows(
        connection,
        """
        SELECT attname, atttypid::bigint, atttypmod FROM pg_attribute
        WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
        """,
        (oid,),
    )
    return Relation(
        oid,
        *table,
        identity,
        tuple(Column(name, kind, modifier, name in key) for name, kind, modifier in columns),
    )


def key_columns(connection: Any, oid: int) -> tuple[str, ...]:
    """By which a table's rows are told apart: its replica identity's index, or else its primary key.

    Not what pgoutput marks as key: with REPLICA IDENTITY FULL that is every column.
    """
    return tuple(
        name
        for (name,) in _rows(
            connection,
            """
            SELECT a.attname FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
            WHERE c.oid = %s AND CASE c.relreplident WHEN 'i' THEN i.indisreplident ELSE i.indisprimary END
            """,
            (oid,),
        )
    )


def rows(connection: Any, table: Relation, fetched: int) -> Iterator[list[Row]]:
    """The table's rows, every value as text, in portions; in the snapshot of the connection's transaction."""
    columns = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(column.name)) for column in table.columns)
    query = sql.SQL("SELECT {} FROM {}").format(columns, _name((table.schema, table.name)))
    with connection.cursor(name="load") as cursor:
        cursor.itersize = fetched
        cursor.execute(query)
        while portion := cursor.fetchmany(fetched):
            yield portion


def look_up(
    connection: Any, table: Relation, key: Mapping[str, Value], names: Sequence[str]
) -> tuple[str | None, ...] | None:
    """Present values of a row, for what an update did not send; None if the row is gone by now.

    So does DMS with large objects. A row that has changed meanwhile comes again with its later change.
    """
    wanted = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in names)
    matches = sql.SQL(" AND ").join(sql.SQL("{}::text = %s").format(sql.Identifier(name)) for name in key)
    query = sql.SQL("SELECT {} FROM {} WHERE {}").format(wanted, _name((table.schema, table.name)), matches)
    answer = _rows(connection, query, list(key.values()))
    return answer[0] if answer else None


def has_slot(connection: Any, slot: str) -> bool:
    return bool(_rows(connection, "SELECT 1 FROM pg_replication_slots WHERE slot_name = %s", (slot,)))


def drop_slot(connection: Any, slot: str) -> None:
    if has_slot(connection, slot):
        _run(connection, "SELECT pg_drop_replication_slot(%s)", (slot,))


def create_slot(replication: Any, slot: str) -> str:
    """Makes the slot and gives the name of its snapshot, which lives until the connection's next command."""
    with replication.cursor() as cursor:
        cursor.execute(f'CREATE_REPLICATION_SLOT "{slot}" LOGICAL pgoutput EXPORT_SNAPSHOT')
        return str(cursor.fetchone()[2])


def publish(site: Site, database: str, publication: str, published: Iterable[TableName]) -> None:
    """Have a publication of exactly these tables."""
    names = sql.SQL(", ").join(_name(table) for table in published)
    with closing(admin(site, database)) as connection:
        there = _rows(connection, "SELECT 1 FROM pg_publication WHERE pubname = %s", (publication,))
        statement = "ALTER PUBLICATION {} SET TABLE {}" if there else "CREATE PUBLICATION {} FOR TABLE {}"
        _run(connection, sql.SQL(statement).format(sql.Identifier(publication), names))


def allow_replication(site: Site, user: str) -> None:
    """Let a member of rds_replication replicate: on RDS the right comes with the role, here with each user.

    Raises: SourceError if the user is no member.
    """
    with closing(admin(site, "postgres")) as connection:
        if not _rows(connection, "SELECT 1 WHERE pg_has_role(%s, 'rds_replication', 'member')", (user,)):
            raise SourceError(f"{user} may not use replication slots: GRANT rds_replication TO {user}")
        _run(connection, sql.SQL("ALTER ROLE {} REPLICATION").format(sql.Identifier(user)))


def forget(site: Site, database: str, slot: str, publication: str) -> None:
    """Remove what a replication left in its database, if that is still there."""
    with closing(admin(site, "postgres")) as connection:
        if not _rows(connection, "SELECT 1 FROM pg_database WHERE datname = %s", (database,)):
            return
    with closing(admin(site, database)) as connection:
        drop_slot(connection, slot)
        _run(connection, sql.SQL("DROP PUBLICATION IF EXISTS {}").format(sql.Identifier(publication)))


def beat(connection: Any, schema: str, task: str) -> None:
    """Write the heartbeat: a change that moves the slot on where nothing else changes."""
    table = _name((schema, HEARTBEAT_TABLE))
    _run(
        connection,
        sql.SQL(
            "CREATE TABLE IF NOT EXISTS {} (hb_key varchar(64) PRIMARY KEY, hb_last_heartbeat_at timestamp)"
        ).format(table),
    )
    _run(
        connection,
        sql.SQL(
            "INSERT INTO {} VALUES (%s, now()) ON CONFLICT (hb_key) DO UPDATE "
            "SET hb_last_heartbeat_at = EXCLUDED.hb_last_heartbeat_at"
        ).format(table),
        (task,),
    )


def _name(table: TableName) -> sql.Composable:
    return sql.Identifier(*table)


def _rows(connection: Any, query: Any, values: Any = ()) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def _run(connection: Any, query: Any, values: Any = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
