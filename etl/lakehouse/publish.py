"""The job `publish`: the shared columns of tables as Parquet files, told of by a manifest that is written last.

A run of an exchange:

1. reads the manifest, and then the table: what is published is what the table has, or newer than what is published;
2. if the table's rows have not changed since, nothing is published. Compaction and marks change no rows;
3. else the workers write the rows as files with names of their own, read each back, and tell size, rows and digest;
4. with as many rows in the files as the table has, and each file in its place, the manifest is put;
5. the ledger gets the run, and what no reader needs is removed.

Killed before 4, readers see the old snapshot whole and the next run publishes anew. Killed after it, the next run
finds the snapshot published and does 5.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from hashlib import file_digest
from io import BufferedRandom
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark import TaskContext
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from . import log
from .arrow import arrow_type
from .books import Ledger, RunSummary, code_version, unused
from .exchange import Exchange, ExchangeMovedError, File, Folder, Manifest, Published, lost, removable
from .iceberg import IcebergTable, Snapshot
from .settle import Counts

NAME = "publish"
ATTEMPTS = 3
"""How often a run starts over because another one published, or removed what it wrote."""
FILE_BYTES = 256 * 1024 * 1024
"""A file that has grown to this is the last of its kind: one PUT takes it, and a copy that fails repeats no more."""
GROUP_BYTES = 64 * 1024 * 1024
"""Of rows in memory that become one row group."""
NEVER_WRITTEN = 0
"""In the place of the snapshot of a table that has none."""
_CHANGES = ("added-records", "deleted-records", "added-position-deletes", "added-equality-deletes")
_FILES = "key string, bytes bigint, rows bigint, sha256 string"
_FILES_ARROW = pa.schema([("key", pa.string()), ("bytes", pa.int64()), ("rows", pa.int64()), ("sha256", pa.string())])


class PublishError(RuntimeError):
    """Some tables could not be published; the text has each with its error."""


class SnapshotError(RuntimeError):
    """What was written is not what the table has; nothing is published."""


def publish_all(
    spark: SparkSession, exchanges: Sequence[Exchange], bucket: str, run_id: str, clock: Callable[[], datetime]
) -> None:
    """Publish one exchange after the other; one that fails stops no other.

    Raises: PublishError, at the end, if one failed.
    """
    failed: dict[str, Exception] = {}
    for exchange in exchanges:
        try:
            publish(spark, exchange, Folder(bucket, exchange.prefix), run_id, clock)
        except Exception as error:  # noqa: BLE001 - whatever stops one is told at the end
            log.warning("not_published", exchange=exchange.name, reason=f"{type(error).__name__}: {error}")
            failed[exchange.name] = error
    if failed:
        told = "; ".join(f"{name}: {type(error).__name__}: {error}" for name, error in failed.items())
        raise PublishError(f"not published: {told}") from next(iter(failed.values()))


def publish(
    spark: SparkSession, exchange: Exchange, folder: Folder, run_id: str, clock: Callable[[], datetime]
) -> Published | None:
    """Publish the table as it is; None if that is published.

    Raises: ExchangeMovedError if others came first in each of ATTEMPTS attempts. TableError, SnapshotError: nothing
        is published then.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _attempt(spark, exchange, folder, run_id, clock)
        except ExchangeMovedError as error:
            log.warning("attempt_lost", exchange=exchange.name, attempt=attempt, of=ATTEMPTS, reason=str(error))
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def _attempt(
    spark: SparkSession, exchange: Exchange, folder: Folder, run_id: str, clock: Callable[[], datetime]
) -> Published | None:
    started_at = clock()
    before = folder.published()
    # Only now: what another run publishes after this was read is noticed when the manifest is put.
    table = IcebergTable(spark, exchange.table.name)
    table.require_columns(exchange.table.columns)
    ledger = Ledger(IcebergTable(spark, exchange.ledger), exchange.prefix)
    changed = last_change(table)
    source = changed.id if changed else NEVER_WRITTEN
    snapshot = exchange.snapshot(source)
    if before and before.manifest.snapshot == snapshot and not lost(before.manifest.files, folder.stored()):
        log.info("nothing_new", exchange=exchange.name, table=table.name, snapshot=snapshot)
        _finish(ledger, exchange, folder, before, None, clock())
        return None
    run_id = unused(run_id, ledger.run_ids | ({before.run.run_id} if before else set()))
    log.info("publishing", exchange=exchange.name, run_id=run_id, table=table.name, snapshot=snapshot)

    rows = shared(table.rows(changed.id if changed else None), exchange)
    with log.timed("write", exchange=exchange.name):
        files = write(rows, exchange, folder, snapshot)
    count = rows.count()
    written = sum(file.rows for file in files)
    if written != count:
        raise SnapshotError(f"exchange {exchange.name}: {written} rows in the files, {count} in {table.name}")
    if gone := lost(files, folder.stored()):
        raise ExchangeMovedError(f"exchange {exchange.name}: {gone[0]} was written and is gone")
    finished_at = clock()
    summary = RunSummary(
        dataset=exchange.prefix,
        run_id=run_id,
        job=NAME,
        started_at=started_at,
        finished_at=finished_at,
        source_from_snapshot=before.run.source_to_snapshot if before else None,
        source_to_snapshot=source,
        counts=Counts(accepted=count),
        days="",
        code_version=code_version(exchange.version),
    )
    manifest = Manifest(
        dataset=exchange.name,
        snapshot=snapshot,
        prefix=exchange.folder(snapshot),
        rows=count,
        files=tuple(files),
        schema=exchange.schema(),
        published_at=finished_at.isoformat(),
    )
    published = folder.replace(manifest, summary, before)
    log.info("published", exchange=exchange.name, run_id=run_id, snapshot=snapshot, rows=count, files=len(files))
    # The next run may be there already, and ours is what it has replaced.
    _finish(ledger, exchange, folder, published, before if published.run == summary else None, clock())
    return published


def last_change(table: IcebergTable) -> Snapshot | None:
    """Return the newest snapshot that changed rows, else the newest; None for a table never written."""
    for snapshot in table.history():
        if snapshot.operation != "replace" and any(int(snapshot.summary.get(name, 0)) > 0 for name in _CHANGES):
            return snapshot
    return table.current()


def shared(rows: DataFrame, exchange: Exchange) -> DataFrame:
    """Return the shared columns, and no others.

    A column that the table got after the snapshot was written is empty in it, as in every read of the table.
    """
    there = set(rows.columns)
    return rows.select(
        *(
            (F.col(name) if name in there else F.lit(None)).cast(kind).alias(name)
            for name, kind in exchange.table.columns.items()
        )
    )


def write(rows: DataFrame, exchange: Exchange, folder: Folder, snapshot: str) -> list[File]:
    """Write the rows as Parquet files of a snapshot, at least one; gives them by key."""
    schema = pa.schema([(name, arrow_type(kind)) for name, kind in exchange.table.columns.items()])
    prefix, bucket, region = exchange.folder(snapshot), folder.bucket, folder.region

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        s3 = boto3.client("s3", region_name=region)
        found = [_put(s3, bucket, prefix, file) for file in _parquet(batches, schema)]
        yield pa.RecordBatch.from_pylist([asdict(file) for file in found], schema=_FILES_ARROW)

    files = [File(**row.asDict()) for row in rows.mapInArrow(work, _FILES).collect()]
    if not files:
        # So a reader sees that the table is empty, and its columns.
        with _new_file() as empty:
            pq.write_table(schema.empty_table(), empty)
            files.append(_put(boto3.client("s3", region_name=region), bucket, prefix, empty))
    return sorted(files, key=lambda file: file.key)


def _parquet(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[BufferedRandom]:
    """Yield the rows as files of about FILE_BYTES, each closed when the next one is asked for."""
    groups = _groups(batches, schema)
    for first in groups:
        with _new_file() as file:
            # Snappy: of the codecs that Data Factory reads, the one that it takes by default.
            with pq.ParquetWriter(file, schema, compression="snappy") as writer:
                writer.write_table(first)
                while file.tell() < FILE_BYTES and (group := next(groups, None)) is not None:
                    writer.write_table(group)
            yield file


def _groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield the batches together, as far as memory allows; none of no rows."""
    kept: list[pa.RecordBatch] = []
    for batch in batches:
        if batch.num_rows:
            kept.append(batch)
        if sum(b.nbytes for b in kept) >= GROUP_BYTES:
            yield pa.Table.from_batches(kept).cast(schema)
            kept = []
    if kept:
        yield pa.Table.from_batches(kept).cast(schema)


def _new_file() -> BufferedRandom:
    return tempfile.TemporaryFile()


def _put(s3: Any, bucket: str, prefix: str, file: BufferedRandom) -> File:
    """Put a file under a name of its own and read it back.

    Raises: SnapshotError if S3 gives other bytes than it got.
    """
    context = TaskContext.get()
    key = f"{prefix}part-{context.partitionId() if context else 0:05d}-{uuid.uuid4().hex}.parquet"
    size = file.seek(0, 2)
    file.seek(0)
    digest = file_digest(file, "sha256").hexdigest()
    file.seek(0)
    s3.put_object(Bucket=bucket, Key=key, Body=file, ContentType="application/vnd.apache.parquet")
    with _new_file() as back:
        s3.download_fileobj(bucket, key, back)
        back.seek(0)
        if file_digest(back, "sha256").hexdigest() != digest:
            raise SnapshotError(f"s3://{bucket}/{key} is not what was put there")
        back.seek(0)
        rows = pq.read_metadata(back).num_rows
    return File(key=key, bytes=size, rows=rows, sha256=digest)


def _finish(
    ledger: Ledger,
    exchange: Exchange,
    folder: Folder,
    published: Published,
    replaced: Published | None,
    now: datetime,
) -> None:
    if entered := ledger.enter_runs([published.run]):
        log.info("ledger", exchange=exchange.name, entered=entered)
    gone = removable(folder.stored(), published, replaced, now)
    if gone:
        folder.remove(gone)
        log.info("removed", exchange=exchange.name, files=len(gone))
