"""The changes after the full load, from the slot to files; the slot moves on only once their files are in S3.

A batch is written when it is large enough or old enough, also in the middle of a transaction: pgoutput sends committed
transactions only, and the slot moves to the end of whole ones. So after a crash the last changes come again, and none
is missing.
"""

from __future__ import annotations

import select
import time
from contextlib import closing
from datetime import datetime
from typing import Any

from psycopg2.extras import REPLICATION_LOGICAL

from local.clouds.dms import source
from local.clouds.dms.control import Declared
from local.clouds.dms.files import Batch, Files, Layout, layout
from local.clouds.dms.pgoutput import (
    Begin,
    Commit,
    Decoder,
    Delete,
    Insert,
    Message,
    Relation,
    Row,
    Truncate,
    Unchanged,
    Update,
    Value,
)
from local.clouds.dms.progress import Checkpoint, Progress, now

WAIT_SECONDS = 0.2
CONFIRM_SECONDS = 1.0
STATUS_SECONDS = 10


class Stream:
    """The changes of one replication over one connection."""

    def __init__(self, declared: Declared, dsn: str, checkpoint: Checkpoint, files: Files, progress: Progress) -> None:
        self._declared, self._dsn, self._checkpoint = declared, dsn, checkpoint
        self._files, self._progress = files, progress
        self._decode = Decoder()
        self._layouts: dict[Relation, Layout] = {}
        self._keys: dict[Relation, tuple[str, ...]] = {}
        self._batches: dict[Relation, Batch] = {}
        self._oldest: float | None = None
        """When the first change that is not written yet came."""
        self._committed = datetime.min
        self._complete = 0
        """End of the last transaction that came whole."""
        self._in_transaction = False
        self._beaten = 0.0
        self._told = 0.0

    def run(self, replication: Any, stopping: Any) -> None:
        """Follow the slot over the connection until `stopping` is set; what has come by then is written."""
        with closing(source.connect(self._dsn)) as self._queries, replication.cursor() as cursor:
            cursor.start_replication(
                slot_name=self._checkpoint.slot,
                slot_type=REPLICATION_LOGICAL,
                decode=False,
                status_interval=STATUS_SECONDS,
                options={"proto_version": "1", "publication_names": self._checkpoint.publication},
            )
            while not stopping.is_set():
                self._beat()
                message = cursor.read_message()
                if message is not None:
                    self._take(self._decode(message.payload))
                else:
                    select.select([replication], [], [], WAIT_SECONDS)
                if self._is_due():
                    self._flush()
                    self._confirm(cursor)
                elif message is None and time.monotonic() - self._told > CONFIRM_SECONDS:
                    self._confirm(cursor)
            self._flush()
            self._confirm(cursor)

    def _take(self, message: Message) -> None:
        match message:
            case Begin():
                self._committed, self._in_transaction = message.committed, True
            case Commit():
                self._complete, self._in_transaction = message.end_lsn, False
            case Insert():
                self._add(message.relation, "I", message.new)
            case Update():
                self._update(message)
            case Delete():
                self._add(message.relation, "D", message.old)
            case Truncate():
                for relation in message.relations:
                    self._truncate(relation)
            case Relation():
                self._describe(message)

    def _describe(self, relation: Relation) -> None:
        """A table's columns may have changed: what came before has another layout."""
        if relation not in self._layouts:
            self._flush()
            declared = self._declared
            self._layouts[relation] = layout(relation, declared.mappings, declared.source, declared.target)
            self._keys[relation] = source.key_columns(self._queries, relation.oid)

    def _update(self, update: Update) -> None:
        relation, old, new = update
        if old is not None and relation.identity == "f":
            new = tuple(before if now is Unchanged.TOAST else now for now, before in zip(new, old, strict=True))
        if Unchanged.TOAST in new:
            new = self._looked_up(relation, new)
        if old is not None and self._key(relation, old) != self._key(relation, new):
            # One U with the new key alone would leave the row of the old key in the lake for ever.
            self._add(relation, "D", old)
            self._add(relation, "I", new)
        else:
            self._add(relation, "U", new)

    def _looked_up(self, relation: Relation, row: Row) -> Row:
        names = [column.name for column, value in zip(relation.columns, row, strict=True) if value is Unchanged.TOAST]
        found = source.look_up(self._queries, relation, self._key(relation, row), names)
        values = iter(found or [None] * len(names))
        return tuple(next(values) if value is Unchanged.TOAST else value for value in row)

    def _key(self, relation: Relation, row: Row) -> dict[str, Value]:
        of_row = {column.name: value for column, value in zip(relation.columns, row, strict=True)}
        return {name: of_row[name] for name in self._keys[relation]}

    def _add(self, relation: Relation, op: str, row: Row) -> None:
        if self._oldest is None:
            self._oldest = time.monotonic()
        self._batches.setdefault(relation, Batch()).add(op, self._committed, row)

    def _truncate(self, relation: Relation) -> None:
        """The table's files go, as with DMS, and what was to become files of it."""
        told = self._progress.table(relation.schema, relation.name)
        told.truncates, told.last_update = told.truncates + 1, now()
        if self._declared.truncates:
            self._batches.pop(relation, None)
            self._files.clear(self._layouts[relation])

    def _is_due(self) -> bool:
        if self._oldest is None:
            return False
        target = self._declared.target
        return time.monotonic() - self._oldest >= target.batch_seconds or any(
            batch.bytes >= target.batch_bytes for batch in self._batches.values()
        )

    def _flush(self) -> None:
        for relation, batch in self._batches.items():
            self._files.put_changes(self._layouts[relation], batch)
            told = self._progress.table(relation.schema, relation.name)
            told.inserts += batch.ops.count("I")
            told.updates += batch.ops.count("U")
            told.deletes += batch.ops.count("D")
            told.files, told.last_update = told.files + 1, now()
        self._batches, self._oldest = {}, None

    def _confirm(self, cursor: Any) -> None:
        """Tell the server how far everything is in S3."""
        if self._oldest is None and not self._in_transaction:
            # Nothing waits: what the server has sent, and it found nothing of ours in, is done with too.
            self._complete = max(self._complete, cursor.wal_end)
        if self._oldest is None and self._complete > self._progress.confirmed:
            cursor.send_feedback(write_lsn=self._complete, flush_lsn=self._complete)
            self._progress.confirmed = self._complete
        self._told = time.monotonic()

    def _beat(self) -> None:
        schema = self._declared.source.heartbeat_schema
        if schema and time.monotonic() - self._beaten > 60 * self._declared.source.heartbeat_minutes:
            source.beat(self._queries, schema, self._checkpoint.slot)
            self._beaten = time.monotonic()
