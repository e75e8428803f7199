"""Types of a contract as Arrow has them, in which Python workers take and give rows."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa


def arrow_type(columns: Any) -> pa.DataType:
    """Return the type of a Spark scalar by its name, of a list of one, or of a record by its columns."""
    if isinstance(columns, list):
        return pa.list_(arrow_type(columns[0]))
    if isinstance(columns, dict):
        return pa.struct([(name, arrow_type(kind)) for name, kind in columns.items()])
    if columns.startswith("decimal"):
        return pa.decimal128(*map(int, re.findall(r"\d+", columns)))
    return {
        "string": pa.string(),
        "boolean": pa.bool_(),
        "int": pa.int32(),
        "bigint": pa.int64(),
        "double": pa.float64(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }[columns]
