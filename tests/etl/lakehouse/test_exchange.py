"""The folder of an exchange without Spark: ids, the manifest's text, and what may be removed."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from etl.lakehouse import publish
from etl.lakehouse.books import RunSummary
from etl.lakehouse.exchange import (
    KEPT,
    Exchange,
    ExchangeMovedError,
    File,
    Folder,
    Manifest,
    Published,
    Stored,
    lost,
    removable,
)
from etl.lakehouse.settle import Counts
from tests.etl.lake import COMPILED, EXCHANGE_BUCKET, Lake

EXCHANGE = Exchange.load(COMPILED["exchanges"]["daily_sales"])
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
RUN = RunSummary(
    dataset="exchange/daily_sales",
    run_id="r",
    job="publish",
    started_at=NOON,
    finished_at=NOON,
    source_from_snapshot=None,
    source_to_snapshot=1,
    counts=Counts(accepted=1),
    days="",
    code_version="1",
)


def published(snapshot: str, at: datetime, *parts: str) -> Published:
    prefix = EXCHANGE.folder(snapshot)
    manifest = Manifest(
        dataset="daily_sales",
        snapshot=snapshot,
        prefix=prefix,
        rows=1,
        files=tuple(File(key=f"{prefix}{part}", bytes=1, rows=1, sha256="0") for part in parts or ("a",)),
        schema=EXCHANGE.schema(),
        published_at=at.isoformat(),
    )
    return Published(manifest=manifest, run=RUN, etag='"e"', written=at)


def stored(snapshot: str, at: datetime, part: str = "a") -> Stored:
    return Stored(key=f"{EXCHANGE.folder(snapshot)}{part}", bytes=1, written=at)


def test_the_same_rows_in_the_same_columns_have_the_same_id_and_others_another() -> None:
    fewer = dict(list(EXCHANGE.table.columns.items())[:-1])
    narrower = replace(EXCHANGE, table=replace(EXCHANGE.table, columns=fewer))

    assert EXCHANGE.snapshot(7) == Exchange.load(COMPILED["exchanges"]["daily_sales"]).snapshot(7)
    assert len({EXCHANGE.snapshot(7), EXCHANGE.snapshot(8), narrower.snapshot(7)}) == 3
    assert EXCHANGE.snapshot(7).startswith("7-")


def test_a_manifest_is_read_as_it_was_written() -> None:
    manifest = published("1", NOON, "a", "b").manifest
    assert Manifest.read(manifest.write()) == manifest


def test_a_file_is_lost_if_it_is_gone_or_has_another_size() -> None:
    files = [File(key=key, bytes=2, rows=1, sha256="0") for key in ("whole", "cut", "gone")]
    there = [Stored(key=key, bytes=size, written=NOON) for key, size in (("whole", 2), ("cut", 1), ("other", 2))]
    assert lost(files, there) == ["cut", "gone"]


def test_leftovers_in_the_snapshots_own_folder_go_and_what_may_be_of_a_run_that_goes_on_stays() -> None:
    now = published("2", NOON)
    there = [
        Stored(key="exchange/daily_sales/manifest.json", bytes=1, written=NOON - HOUR),
        stored("2", NOON - HOUR),
        stored("2", NOON - HOUR, "leftover"),
        stored("2", NOON, "at-the-same-moment"),
        stored("3", NOON + HOUR, "of-the-next-run"),
    ]
    assert removable(there, now, None, NOON + 9 * KEPT) == [stored("2", NOON, "leftover").key]


def test_a_snapshot_is_kept_for_a_day_after_it_was_replaced_however_old_it_is() -> None:
    now, moment = published("3", NOON), timedelta(minutes=1)
    there = [stored("1", NOON - 30 * KEPT), stored("2", NOON - 2 * HOUR), stored("3", NOON - moment)]

    # The first was replaced when the second was written, the second when the manifest was put.
    assert removable(there, now, None, NOON) == []
    assert removable(there, now, None, NOON - 2 * HOUR + KEPT + moment) == [there[0].key]
    assert removable(there, now, None, NOON + KEPT) == [there[0].key]
    assert removable(there, now, None, NOON + KEPT + moment) == [there[0].key, there[1].key]


def test_what_a_run_killed_since_the_last_manifest_left_goes_with_the_next_and_the_replaced_one_stays() -> None:
    before, now = published("1", NOON - 3 * KEPT), published("3", NOON)
    there = [stored("1", NOON - 4 * KEPT), stored("2", NOON - 2 * KEPT), stored("3", NOON - HOUR)]

    assert removable(there, now, before, NOON) == [there[1].key]


def test_a_manifest_takes_the_place_of_the_one_that_its_run_began_with_and_of_no_other(lake: Lake) -> None:
    lake.reset()
    first, second = published("1", NOON).manifest, published("2", NOON).manifest
    folder = Folder(EXCHANGE_BUCKET, EXCHANGE.prefix)
    assert folder.published() is None

    one = folder.replace(first, RUN, None)
    with pytest.raises(ExchangeMovedError):
        folder.replace(second, RUN, None)
    two = folder.replace(second, RUN, one)
    with pytest.raises(ExchangeMovedError):
        folder.replace(first, RUN, one)

    found = folder.published()
    assert found == two
    assert found.manifest == second
    assert found.run == RUN
    boto3.client("s3").delete_object(Bucket=EXCHANGE_BUCKET, Key="exchange/daily_sales/manifest.json")
    with pytest.raises(ExchangeMovedError):
        folder.replace(first, RUN, two)
    assert folder.published() is None


SCHEMA = pa.schema([("n", pa.int64())])


def batches(*numbers: int) -> list[pa.RecordBatch]:
    """One row a batch."""
    return [pa.RecordBatch.from_pylist([{"n": n}], schema=SCHEMA) for n in numbers]


@pytest.mark.parametrize(
    ("group_bytes", "file_bytes", "files"),
    [(1, 10**6, [[[0], [1], [2]]]), (1, 1, [[[0]], [[1]], [[2]]]), (16, 10**6, [[[0, 1], [2]]])],
    ids=["one file of three groups", "three files", "two batches a group"],
)
def test_every_row_is_in_one_file_and_files_and_groups_end_at_their_size(
    monkeypatch: pytest.MonkeyPatch, group_bytes: int, file_bytes: int, files: list[list[list[int]]]
) -> None:
    monkeypatch.setattr(publish, "GROUP_BYTES", group_bytes)
    monkeypatch.setattr(publish, "FILE_BYTES", file_bytes)
    empty = pa.RecordBatch.from_pylist([], schema=SCHEMA)

    found = []
    for file in publish._parquet([empty, *batches(0, 1, 2), empty], SCHEMA):
        file.seek(0)
        read = pq.ParquetFile(io.BytesIO(file.read()))
        found.append([read.read_row_group(n)["n"].to_pylist() for n in range(read.num_row_groups)])

    assert found == files
    assert list(publish._parquet([empty], SCHEMA)) == []


class Forgetful:
    """S3 that gives back other bytes than it got."""

    def put_object(self, **given: object) -> None:
        pass

    def download_fileobj(self, bucket: str, key: str, into: io.BytesIO) -> None:
        into.write(b"something else")


def test_a_file_that_s3_does_not_give_back_as_it_was_is_an_error() -> None:
    for file in publish._parquet(batches(1), SCHEMA):
        with pytest.raises(publish.SnapshotError, match="is not what was put there"):
            publish._put(Forgetful(), "bucket", "exchange/x/snapshot=1/", file)
