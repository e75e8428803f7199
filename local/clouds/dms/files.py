"""Rows -> Parquet files in the target's bucket, laid out and named as DMS does it.

    [folder/]schema/table/LOAD00000001.parquet         full load, counted in hexadecimal
    [folder/]schema/table/20170501-101503123.parquet   a batch of changes, by the time of its writing

The first column, Op, is I, U or D; the full load has it only if the endpoint says so. Then the timestamp column, if the
endpoint names one, then the table's own.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import ClientError

from local.clouds.dms.control import Source, Target
from local.clouds.dms.mappings import Mappings, TableMapping
from local.clouds.dms.pgoutput import Relation, Row
from local.clouds.dms.types import Converted, UnsupportedTypeError, convert

OP = "Op"
DELETED_AT_ONCE = 1000
ROW_BYTES, VALUE_BYTES = 16, 4
"""About what a row and a value take besides the value's text; for the size at which a batch is written."""


class ValueUnfitError(Exception):
    """A value that its Parquet type cannot hold, such as `infinity` in a date."""


@dataclass(frozen=True)
class Layout:
    """How rows of one relation are written; another one as soon as the relation's columns change."""

    mapping: TableMapping
    columns: tuple[tuple[int, str, Converted], ...]
    """(place in the row, name in the target, how it is converted)."""

    @property
    def source_name(self) -> str:
        return ".".join(self.mapping.source)


def layout(relation: Relation, mappings: Mappings, source: Source, target: Target) -> Layout:
    """Raises: MappingError, UnsupportedTypeError"""
    mapping = mappings.of((relation.schema, relation.name), [column.name for column in relation.columns])
    renamed = dict(mapping.columns)
    columns = []
    for place, column in enumerate(relation.columns):
        if column.name not in renamed:
            continue
        try:
            converted = convert(
                column.type_oid,
                column.modifier,
                boolean_as_boolean=source.boolean_as_boolean,
                milliseconds=target.milliseconds,
            )
        except UnsupportedTypeError as error:
            raise UnsupportedTypeError(f"{relation.schema}.{relation.name}.{column.name}: {error}") from error
        columns.append((place, renamed[column.name], converted))
    return Layout(mapping, tuple(columns))


@dataclass
class Batch:
    """Rows that wait to be written together."""

    ops: list[str] = field(default_factory=list)
    stamps: list[datetime] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    bytes: int = 0

    def add(self, op: str, stamp: datetime, row: Row) -> None:
        self.ops.append(op)
        self.stamps.append(stamp)
        self.rows.append(row)
        self.bytes += ROW_BYTES + sum(VALUE_BYTES + len(value) for value in row if isinstance(value, str))


def encode(layout: Layout, batch: Batch, target: Target, *, with_op: bool = True) -> bytes:
    """A Parquet file of the batch. Raises: ValueUnfitError"""
    arrays: list[pa.Array] = []
    fields: list[pa.Field] = []

    def add(name: str, kind: pa.DataType, values: Iterable[Any]) -> None:
        fields.append(pa.field(name, kind))
        arrays.append(pa.array(values, kind))

    if with_op:
        add(OP, pa.string(), batch.ops)
    if target.timestamp_column:
        texts = [stamp.strftime("%Y-%m-%d %H:%M:%S.%f") for stamp in batch.stamps]
        add(target.timestamp_column, pa.string(), texts)
    for place, name, (kind, parse) in layout.columns:
        values = (row[place] for row in batch.rows)
        try:
            add(name, kind, [parse(value) if isinstance(value, str) else None for value in values])
        except (ValueError, ArithmeticError, KeyError) as error:
            raise ValueUnfitError(f"{layout.source_name}, column {name}: no {kind} in Parquet: {error}") from error
    out = io.BytesIO()
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    pq.write_table(table, out, compression=target.compression)
    return out.getvalue()


class Files:
    """The target's bucket."""

    def __init__(self, s3: Any, target: Target) -> None:
        self._s3, self._target = s3, target
        self._last = datetime.min.replace(tzinfo=UTC)

    def put_load(self, layout: Layout, number: int, batch: Batch) -> None:
        body = encode(layout, batch, self._target, with_op=self._target.op_for_full_load)
        self._s3.put_object(
            Bucket=self._target.bucket, Key=f"{self._folder(layout)}LOAD{number:08X}.parquet", Body=body
        )

    def put_changes(self, layout: Layout, batch: Batch) -> None:
        """By names that only go up, so that a table's files in the order of their names are its changes in order."""
        body = encode(layout, batch, self._target)
        while True:
            key = f"{self._folder(layout)}{self._next_name()}"
            try:
                self._s3.put_object(Bucket=self._target.bucket, Key=key, Body=body, IfNoneMatch="*")
            except ClientError as error:
                if error.response["Error"]["Code"] != "PreconditionFailed":
                    raise
            else:
                return

    def clear(self, layout: Layout, begin: str = "") -> None:
        """Remove the table's files, or those whose names begin so."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._target.bucket,
            Prefix=f"{self._folder(layout)}{begin}",
            PaginationConfig={"PageSize": DELETED_AT_ONCE},
        )
        for page in pages:
            if keys := [{"Key": item["Key"]} for item in page.get("Contents", [])]:
                self._s3.delete_objects(Bucket=self._target.bucket, Delete={"Objects": keys, "Quiet": True})

    def _folder(self, layout: Layout) -> str:
        return "".join(f"{part}/" for part in (self._target.folder.strip("/"), *layout.mapping.target) if part)

    def _next_name(self) -> str:
        self._last = max(datetime.now(UTC), self._last + timedelta(milliseconds=1))
        return f"{self._last:%Y%m%d-%H%M%S}{self._last.microsecond // 1000:03d}.parquet"
