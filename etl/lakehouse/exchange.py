"""The folder that a shared table is published to, as its readers see it.

    exchange/<name>/manifest.json                     what there is: read this, then the files that it names
    exchange/<name>/snapshot=<id>/part-*.parquet      one snapshot a folder

The manifest is put last, in one request, on condition that it is still the one the run began with: of two runs at
once one publishes, the other finds that it has lost. Files have names that no other run gives, so no run overwrites
another's. What no manifest names any more is removed after a new one is there, and only if it is older than that one:
what is younger may belong to a run that goes on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import boto3
from botocore.exceptions import ClientError

from .books import RunSummary
from .contract import TableSpec

KEPT = timedelta(days=1)
"""So long a snapshot stays after the next one has replaced it: whoever began to copy it may go on. Data Factory ends
an activity after twelve hours, if nothing else is said."""
RUN = "run"
"""Metadata of the manifest's object: what the run did that put it, for the ledger."""
_CHANGED_MEANWHILE = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")


class ExchangeMovedError(RuntimeError):
    """Another run has published meanwhile, or has removed what this one wrote; nothing of this run is visible."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A shared table: `table` has the columns that may leave and no others."""

    name: str
    version: str
    prefix: str
    table: TableSpec
    descriptions: Mapping[str, str]
    ledger: str

    @classmethod
    def load(cls, compiled: Mapping[str, Any]) -> Exchange:
        return cls(
            name=compiled["exchange"],
            version=compiled["version"],
            prefix=compiled["prefix"],
            table=TableSpec(
                name=compiled["table"],
                primary_key=(),
                columns={c["name"]: c["type"] for c in compiled["columns"]},
            ),
            descriptions={c["name"]: c["description"] for c in compiled["columns"]},
            ledger=compiled["ledger"],
        )

    def snapshot(self, table_snapshot: int) -> str:
        """Return the id of what is published: the same rows in the same columns have the same.

        A column that is not shared any more makes a new one: nobody waits for the table to change.
        """
        columns = sha256(json.dumps(list(self.table.columns.items())).encode()).hexdigest()
        return f"{table_snapshot}-{columns[:8]}"

    def folder(self, snapshot: str) -> str:
        return f"{self.prefix}/snapshot={snapshot}/"

    def schema(self) -> list[dict[str, str]]:
        return [
            {"name": name, "type": kind, "description": self.descriptions[name]}
            for name, kind in self.table.columns.items()
        ]


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of a snapshot; `sha256` is that of its bytes, in hexadecimal digits."""

    key: str
    bytes: int
    rows: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a reader may copy; `prefix` is the folder of the files, with its slash."""

    dataset: str
    snapshot: str
    prefix: str
    rows: int
    files: tuple[File, ...]
    schema: Sequence[Mapping[str, str]]
    published_at: str

    def write(self) -> bytes:
        return json.dumps(asdict(self), indent=1, ensure_ascii=False).encode()

    @classmethod
    def read(cls, text: bytes) -> Manifest:
        found = json.loads(text)
        return cls(**{**found, "files": tuple(File(**file) for file in found["files"])})


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An object below the exchange's prefix; `written` is S3's own time."""

    key: str
    bytes: int
    written: datetime


@dataclass(frozen=True, kw_only=True)
class Published:
    """A manifest as it lies in S3."""

    manifest: Manifest
    run: RunSummary
    etag: str
    written: datetime


class Folder:
    """The exchange's place in S3."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self.bucket, self.prefix = bucket, prefix
        self._key = f"{prefix}/manifest.json"
        self._s3 = boto3.client("s3")

    @property
    def region(self) -> str:
        """Where S3 is called; workers are not told it by their environment."""
        return self._s3.meta.region_name

    def stored(self) -> list[Stored]:
        """Return all objects, the manifest included."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=f"{self.prefix}/")
        return [
            Stored(key=found["Key"], bytes=found["Size"], written=found["LastModified"])
            for page in pages
            for found in page.get("Contents", [])
        ]

    def published(self) -> Published | None:
        """Return the manifest that readers see; None if nothing has been published yet."""
        # S3 says of a missing object that it is forbidden where listing is limited to a prefix: so it is looked for.
        if not any(found.key == self._key for found in self.stored()):
            return None
        found = self._s3.get_object(Bucket=self.bucket, Key=self._key)
        return Published(
            manifest=Manifest.read(found["Body"].read()),
            run=RunSummary.read(json.loads(found["Metadata"][RUN])),
            etag=found["ETag"],
            written=found["LastModified"],
        )

    def replace(self, manifest: Manifest, run: RunSummary, before: Published | None) -> Published:
        """Let readers see this manifest.

        Raises: ExchangeMovedError if they see another than `before` by now.
        """
        condition = {"If-None-Match": "*"} if before is None else {"If-Match": before.etag}
        s3 = boto3.client("s3")
        # As headers, which any boto3 sends: put_object has had parameters for them only since the end of 2024.
        s3.meta.events.register("before-call.s3.PutObject", lambda params, **_: params["headers"].update(condition))
        try:
            s3.put_object(
                Bucket=self.bucket,
                Key=self._key,
                Body=manifest.write(),
                ContentType="application/json",
                Metadata={RUN: json.dumps(run.properties())},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _CHANGED_MEANWHILE:
                raise
            raise ExchangeMovedError(f"{self._key}: another run has published meanwhile") from error
        published = self.published()
        if published is None:
            raise ExchangeMovedError(f"{self._key}: somebody has removed it")
        return published

    def remove(self, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), 1000):  # DeleteObjects' limit
            answer = self._s3.delete_objects(
                Bucket=self.bucket,
                Delete={"Objects": [{"Key": key} for key in keys[start : start + 1000]], "Quiet": True},
            )
            if errors := answer.get("Errors"):
                raise RuntimeError(f"{self.prefix}: {len(errors)} files could not be removed, the first: {errors[0]}")


def lost(files: Iterable[File], stored: Iterable[Stored]) -> list[str]:
    """Return the keys of the files that are not there, or not with their size."""
    there = {found.key: found.bytes for found in stored}
    return [file.key for file in files if there.get(file.key) != file.bytes]


def removable(stored: Iterable[Stored], published: Published, replaced: Published | None, now: datetime) -> list[str]:
    """Return the keys of what no reader needs: leftovers of killed runs, and snapshots replaced longer ago than KEPT.

    Args:
        published: the manifest that readers see.
        replaced: the one that it has replaced, if this run did it.
    """
    folders: dict[str, list[Stored]] = {}
    for found in stored:
        folder = found.key[: found.key.rfind("/") + 1]
        if folder.rstrip("/").rpartition("/")[2].startswith("snapshot=") and found.written < published.written:
            folders.setdefault(folder, []).append(found)
    named = {file.key for file in published.manifest.files}
    gone = [found.key for found in folders.pop(published.manifest.prefix, []) if found.key not in named]
    if replaced is not None:
        # Between two manifests nothing else was published: a folder from then is a run's that was killed or overtaken.
        since = [
            folder for folder, files in folders.items() if all(found.written > replaced.written for found in files)
        ]
        for folder in since:
            gone += [found.key for found in folders.pop(folder)]
    in_order = sorted(folders.values(), key=_written)
    replaced_at = [*map(_written, in_order[1:]), published.written]
    for files, at in zip(in_order, replaced_at, strict=False):
        if at < now - KEPT:
            gone += [found.key for found in files]
    return sorted(gone)


def _written(files: Iterable[Stored]) -> datetime:
    return max(found.written for found in files)
