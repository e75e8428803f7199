"""A column's PostgreSQL type -> the Parquet type that DMS gives it, and its values from PostgreSQL's text.

From the user guide's tables "Source data types for PostgreSQL" and "Target data types for S3 Parquet". Load and
changes both carry values as text, so that one set of converters serves both.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa

BOOLEAN, BYTES, INT8, INT2, INT4, OID, FLOAT4, FLOAT8 = 16, 17, 20, 21, 23, 26, 700, 701
CHAR, DATE, TIME, TIMESTAMP, TIMESTAMPTZ, NUMERIC = 1042, 1082, 1083, 1114, 1184, 1700
"""Type oids that never change: src/include/catalog/pg_type.dat."""

MAX_PRECISION = 38


class UnsupportedTypeError(Exception):
    """A column that would not arrive as it is; the text names type and way out."""


class Converted(NamedTuple):
    """How a column is written."""

    arrow: pa.DataType
    parse: Callable[[str], Any]
    """PostgreSQL's text of a value -> Python's value. ValueError or ArithmeticError for what Parquet cannot hold."""


def convert(oid: int, modifier: int, *, boolean_as_boolean: bool = False, milliseconds: bool = False) -> Converted:
    """
    Args:
        modifier: PostgreSQL's atttypmod, in which NUMERIC has precision and scale.
        boolean_as_boolean: the endpoint setting MapBooleanAsBoolean; else a boolean is the text true or false.
        milliseconds: the endpoint setting ParquetTimestampInMillisecond.

    Raises: UnsupportedTypeError
    """
    if oid == NUMERIC:
        return _numeric(modifier)
    if oid == BOOLEAN:
        return Converted(pa.bool_(), _boolean) if boolean_as_boolean else Converted(pa.string(), _boolean_text)
    if oid in (TIMESTAMP, TIMESTAMPTZ):
        return Converted(pa.timestamp("ms" if milliseconds else "us"), _instant)
    # whatever else there is, such as text, JSON, UUIDs and enumerations, DMS writes as text
    return _TYPES.get(oid, Converted(pa.string(), str))


def _numeric(modifier: int) -> Converted:
    if modifier < 4:
        raise UnsupportedTypeError(
            "numeric without precision and scale: DMS rounds its values to six decimals; declare numeric(p,s)"
        )
    precision, scale = (modifier - 4) >> 16 & 0xFFFF, (modifier - 4) & 0x7FF
    if precision > MAX_PRECISION or scale > precision:
        return Converted(pa.string(), str)
    return Converted(pa.decimal128(precision, scale), Decimal)


def _boolean(text: str) -> bool:
    return {"t": True, "true": True, "f": False, "false": False}[text]


def _boolean_text(text: str) -> str:
    return "true" if _boolean(text) else "false"


def _instant(text: str) -> datetime:
    """Without zone, as DMS has it; the session's time zone is UTC, so one that is given is +00."""
    value = datetime.fromisoformat(text)
    if value.tzinfo is not None and value.utcoffset():
        raise ValueError(f"{text}: the session is not in UTC")
    return value.replace(tzinfo=None)


def _trimmed(text: str) -> str:
    """Without the blanks that fill up char(n): the endpoint setting TrimSpaceInChar is on by default."""
    return text.rstrip(" ")


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("\\x"))


_TYPES = {
    INT2: Converted(pa.int16(), int),
    INT4: Converted(pa.int32(), int),
    INT8: Converted(pa.int64(), int),
    OID: Converted(pa.int64(), int),
    FLOAT4: Converted(pa.float32(), float),
    FLOAT8: Converted(pa.float64(), float),
    DATE: Converted(pa.date32(), date.fromisoformat),
    TIME: Converted(pa.time64("us"), time.fromisoformat),
    BYTES: Converted(pa.binary(), _bytes),
    CHAR: Converted(pa.string(), _trimmed),
}
