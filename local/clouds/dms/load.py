"""The full load: every row of the tables as they were when the slot was made."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import psycopg2.extensions

from local.clouds.dms import source
from local.clouds.dms.control import Declared
from local.clouds.dms.files import Batch, Files, Layout, layout
from local.clouds.dms.pgoutput import Relation
from local.clouds.dms.progress import Progress, now

FETCHED_ROWS = 20_000


class StoppedError(Exception):
    """The replication is to end, and the load is not over."""


def load(
    declared: Declared,
    dsn: str,
    snapshot: str,
    relations: Sequence[Relation],
    files: Files,
    progress: Progress,
    stopping: Any,
    *,
    again: bool,
) -> None:
    """Writes the tables' rows in the snapshot, whose slot's connection must stay as it is meanwhile.

    Args: again: whether a load of the same start was broken off, whose files are removed first.

    Raises: StoppedError
    """
    with closing(source.connect(dsn)) as connection:
        connection.set_session(
            isolation_level=psycopg2.extensions.ISOLATION_LEVEL_REPEATABLE_READ, readonly=True, autocommit=False
        )
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION SNAPSHOT %s", (snapshot,))
        for relation in relations:
            written = layout(relation, declared.mappings, declared.source, declared.target)
            if declared.clears:
                files.clear(written)
            elif again:
                files.clear(written, begin="LOAD")
            _load_table(connection, declared, relation, written, files, progress, stopping)


def _load_table(
    connection: Any,
    declared: Declared,
    relation: Relation,
    written: Layout,
    files: Files,
    progress: Progress,
    stopping: Any,
) -> None:
    told = progress.table(relation.schema, relation.name)
    told.state, told.loaded, told.load_began = "Full load", 0, now()
    number, batch = 0, Batch()

    def put() -> None:
        nonlocal number, batch
        number += 1
        files.put_load(written, number, batch)
        told.loaded, told.files = told.loaded + len(batch.rows), told.files + 1
        batch = Batch()

    for portion in source.rows(connection, relation, FETCHED_ROWS):
        if stopping.is_set():
            raise StoppedError(f"the full load of {written.source_name} is not over")
        moment = declared.stamp if declared.target.start_time_for_full_load else datetime.now(UTC)
        for row in portion:
            batch.add("I", moment, row)
        if batch.bytes >= declared.target.max_file_bytes:
            put()
    if batch.rows:
        put()
    told.state, told.load_ended = "Table completed", now()
