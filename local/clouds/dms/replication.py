"""The life of one replication: connect, load if that has not been done, follow the changes; again after a failure."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import Any

import psycopg2
from botocore.exceptions import BotoCoreError, ClientError
from psycopg2 import errors

from local.clouds.dms import progress as progress_
from local.clouds.dms import source
from local.clouds.dms.control import RELOAD, START, Declared
from local.clouds.dms.files import Files
from local.clouds.dms.load import StoppedError, load
from local.clouds.dms.pgoutput import Relation
from local.clouds.dms.progress import Checkpoint, Progress
from local.clouds.dms.stream import Stream
from local.clouds.rds import certificates
from local.site import Site

RETRY_SECONDS = 1.0
NO_TABLES = (
    "No tables were found at task initialization. Either the selected tables no longer exist or no match was found "
    "for the table selection patterns."
)
"""In DMS's words."""


class ReplicationError(Exception):
    """The replication cannot go on; the text says why and what to do."""


class Replication(threading.Thread):
    """Runs until it is told to stop, or until something is wrong that trying again does not mend."""

    def __init__(self, site: Site, declared: Declared, checkpoint: Checkpoint, progress: Progress, s3: Any) -> None:
        super().__init__(name=declared.identifier, daemon=True)
        self.declared = declared
        self._site, self._checkpoint, self._progress, self._s3 = site, checkpoint, progress, s3
        self._dsn = declared.source.dsn(certificates.root_file(site))
        self._stopping = threading.Event()
        self._connected = bool(checkpoint.loaded)

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        told = self._progress
        while not self._stopping.is_set():
            try:
                self._replicate()
            except StoppedError:
                break
            except Exception as error:  # noqa: BLE001 - whatever it is, DescribeReplications has to say it
                told.message = " ".join(str(error).split())
                print(f"{self.declared.identifier}: {type(error).__name__}: {told.message}", flush=True)
                if not may_pass(error, connected=self._connected):
                    told.status = "failed"
                    return
                told.reconnects += 1
                self._stopping.wait(RETRY_SECONDS)
        told.status = "stopped"

    def _replicate(self) -> None:
        declared, checkpoint = self.declared, self._checkpoint
        files = Files(self._s3, declared.target)
        with closing(source.connect(self._dsn)) as connection:
            relations = self._relations(connection)
            self._begin(connection, relations)
            self._connected = True
        with closing(source.connect_for_replication(self._dsn)) as replication:
            if not checkpoint.loaded:
                snapshot = source.create_slot(replication, checkpoint.slot)
                self._progress.tables.clear()
                again, checkpoint.loading = checkpoint.loading == checkpoint.generation, checkpoint.generation
                progress_.write_checkpoint(self._site, checkpoint)
                load(declared, self._dsn, snapshot, relations, files, self._progress, self._stopping, again=again)
                checkpoint.loaded = _names(relations)
                progress_.write_checkpoint(self._site, checkpoint)
                print(f"{declared.identifier}: {len(relations)} tables are loaded", flush=True)
            self._progress.status, self._progress.message = "running", None
            Stream(declared, self._dsn, checkpoint, files, self._progress).run(replication, self._stopping)

    def _relations(self, connection: Any) -> list[Relation]:
        selected = [table for table in source.tables(connection) if self.declared.mappings.selects(table)]
        if not selected:
            raise ReplicationError(NO_TABLES)
        return [source.relation(connection, table) for table in selected]

    def _begin(self, connection: Any, relations: list[Relation]) -> None:
        """Leave slot and publication so that the load or the stream can begin."""
        declared, checkpoint = self.declared, self._checkpoint
        if checkpoint.generation != declared.generation:
            if declared.start_type in (START, RELOAD):
                checkpoint.loaded = ()
            checkpoint.generation = declared.generation
        progress_.write_checkpoint(self._site, checkpoint)
        source.allow_replication(self._site, declared.source.user)
        if not checkpoint.loaded:
            # a load that was broken off: the snapshot died with its connection, so the slot is of no use
            source.drop_slot(connection, checkpoint.slot)
        elif not source.has_slot(connection, checkpoint.slot):
            raise ReplicationError(
                f"the slot {checkpoint.slot} is gone, and the changes since with it; start with {RELOAD}"
            )
        elif added := set(_names(relations)) - set(checkpoint.loaded):
            raise ReplicationError(f"{', '.join(sorted(added))} has not been loaded; start with {RELOAD}")
        tables = [(relation.schema, relation.name) for relation in relations]
        source.publish(self._site, declared.source.database, checkpoint.publication, tables)


def may_pass(error: Exception, *, connected: bool) -> bool:
    """Whether it may work the next time: the server or S3 is away. Not so if the server was never reached."""
    if isinstance(error, ClientError):
        return int(error.response["ResponseMetadata"]["HTTPStatusCode"]) >= 500
    if isinstance(error, BotoCoreError):
        return True
    # 55000, as for a server whose wal_level is too low, is an "operational" error too
    gone = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
    # A server that shuts down ends the stream before the connection. Who reads in between gets a finding of libpq's
    # own ("no COPY in progress"), for which psycopg2 has neither a class nor a code.
    ended = type(error) is psycopg2.DatabaseError and getattr(error, "pgcode", None) is None
    return connected and (gone or ended) and not isinstance(error, errors.ObjectNotInPrerequisiteState)


def _names(relations: list[Relation]) -> tuple[str, ...]:
    return tuple(f"{relation.schema}.{relation.name}" for relation in relations)
