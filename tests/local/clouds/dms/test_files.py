"""What DMS's table mappings and types make of a row, and how files are named."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from local.clouds.dms import types
from local.clouds.dms.control import Source, Target
from local.clouds.dms.files import Batch, Files, ValueUnfitError, encode, layout
from local.clouds.dms.mappings import MappingError, Mappings
from local.clouds.dms.pgoutput import Column, Relation
from local.clouds.dms.types import UnsupportedTypeError, convert

SOURCE = Source("h", 1, "d", "u", "p", False, None, 5, "none")
TARGET = Target("lake", "", True, False, "committed", False, "none", 2**30, 60.0, 2**25)
ITEMS = Relation(1, "shop", "items", "d", (Column("id", types.INT8, -1, True), Column("added", types.DATE, -1, False)))
SELECT = {
    "rule-type": "selection",
    "rule-id": "1",
    "rule-action": "include",
    "object-locator": {"schema-name": "shop", "table-name": "%"},
}


def numeric(precision: int, scale: int) -> int:
    """PostgreSQL's atttypmod."""
    return (precision << 16 | scale) + 4


def transform(target: str, action: str, value: str | None = None, number: str = "2", **locator: str) -> dict:
    rule = {
        "rule-type": "transformation",
        "rule-id": number,
        "rule-target": target,
        "rule-action": action,
        "object-locator": {f"{part}-name": name for part, name in locator.items()},
    }
    return rule | ({"value": value} if value else {})


def mappings(*rules: dict) -> Mappings:
    return Mappings.parse(json.dumps({"rules": [SELECT, *rules]}))


class Bucket:
    """S3, as far as the files need it."""

    def __init__(self, *taken: str) -> None:
        self.objects = dict.fromkeys(taken, b"")

    def put_object(self, **given: Any) -> None:
        if "IfNoneMatch" in given and given["Key"] in self.objects:
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")
        self.objects[given["Key"]] = given["Body"]


@pytest.mark.parametrize(
    ("oid", "modifier", "text", "arrow", "value"),
    [
        (types.INT2, -1, "-7", pa.int16(), -7),
        (types.INT4, -1, "7", pa.int32(), 7),
        (types.INT8, -1, "9223372036854775807", pa.int64(), 2**63 - 1),
        (types.FLOAT8, -1, "1.5e-300", pa.float64(), 1.5e-300),
        (types.NUMERIC, numeric(12, 2), "1.10", pa.decimal128(12, 2), Decimal("1.10")),
        (types.DATE, -1, "2017-05-01", pa.date32(), date(2017, 5, 1)),
        (types.TIMESTAMP, -1, "2017-05-01 10:00:00.5", pa.timestamp("us"), datetime(2017, 5, 1, 10, 0, 0, 500000)),
        (types.TIMESTAMPTZ, -1, "2017-05-01 10:00:00+00", pa.timestamp("us"), datetime(2017, 5, 1, 10)),
        (types.BYTES, -1, "\\x00ff", pa.binary(), b"\x00\xff"),
        (types.CHAR, 8, "ab  ", pa.string(), "ab"),
        (types.BOOLEAN, -1, "t", pa.string(), "true"),
        (25, -1, "any text ", pa.string(), "any text "),
    ],
)
def test_a_value_has_dms_parquet_type(oid, modifier, text, arrow, value):
    converted = convert(oid, modifier)

    assert converted.arrow == arrow
    assert converted.parse(text) == value
    assert pa.array([converted.parse(text)], converted.arrow).to_pylist() == [value]


def test_booleans_and_timestamps_follow_the_endpoints_settings():
    assert convert(types.BOOLEAN, -1, boolean_as_boolean=True).parse("f") is False
    assert convert(types.TIMESTAMP, -1, milliseconds=True).arrow == pa.timestamp("ms")


def test_a_number_that_dms_would_round_is_refused():
    with pytest.raises(UnsupportedTypeError, match="declare numeric"):
        convert(types.NUMERIC, -1)


@given(st.integers(1, 38).flatmap(lambda p: st.tuples(st.just(p), st.integers(0, p))), st.integers())
def test_every_number_that_its_column_takes_arrives_to_the_last_digit(shape, number):
    precision, scale = shape
    value = Decimal((int(number < 0), tuple(map(int, str(abs(number) % 10**precision))), -scale))
    converted = convert(types.NUMERIC, numeric(precision, scale))

    (arrived,) = pa.array([converted.parse(f"{value:f}")], converted.arrow).to_pylist()
    assert arrived == value


def test_rules_rename_schema_table_and_columns_and_take_columns_away():
    found = mappings(
        transform("schema", "rename", "cdc", "2", schema="shop"),
        transform("table", "rename", "goods", "3", schema="shop", table="items"),
        transform("column", "rename", "key", "4", schema="shop", table="items", column="id"),
        transform("column", "remove-column", None, "5", schema="shop", table="%", column="added"),
    ).of(("shop", "items"), ["id", "added", "name"])

    assert (found.target, found.columns) == (("cdc", "goods"), (("id", "key"), ("name", "name")))


def test_with_an_included_column_a_table_has_the_included_ones_only():
    rules = mappings(transform("column", "include-column", schema="shop", table="items", column="id"))

    assert rules.of(("shop", "items"), ["id", "added"]).columns == (("id", "id"),)
    assert rules.of(("shop", "other"), ["id", "added"]).columns == (("id", "id"), ("added", "added"))


def test_an_excluded_table_is_not_selected_and_an_underscore_stands_for_itself():
    locator = {"schema-name": "shop", "table-name": "a_b"}
    rules = mappings(SELECT | {"rule-id": "9", "rule-action": "exclude", "object-locator": locator})

    assert [rules.selects(("shop", name)) for name in ("items", "a_b", "axb")] == [True, False, True]
    assert not rules.selects(("other", "items"))


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ([], "no selection rule includes a table"),
        ([SELECT, SELECT], "rule-id of its own"),
        ([SELECT, transform("table", "add-prefix", "x", schema="s", table="t")], "add-prefix of table is not imitated"),
        ([SELECT, transform("table", "rename", "x", schema="s")], "object-locator needs schema-name, table-name"),
        ([SELECT | {"filters": [{"filter-type": "source"}]}], "filters and load orders are not imitated"),
    ],
)
def test_rules_that_are_not_followed_are_refused(rules, reason):
    with pytest.raises(MappingError, match=reason):
        Mappings.parse(json.dumps({"rules": rules}))


def test_the_first_columns_are_op_and_time_and_a_delete_may_have_its_key_alone():
    batch = Batch()
    moment = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
    batch.add("I", moment, ("1", "2017-05-01"))
    batch.add("D", moment, ("1", None))

    table = pq.read_table(io.BytesIO(encode(layout(ITEMS, mappings(), SOURCE, TARGET), batch, TARGET)))

    stamp = "2026-01-02 03:04:05.000006"
    assert table.schema.names == ["Op", "committed", "id", "added"]
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("I", stamp, 1, date(2017, 5, 1)),
        ("D", stamp, 1, None),
    ]


def test_a_value_that_parquet_cannot_hold_is_named_with_its_column():
    batch = Batch()
    batch.add("I", datetime(2026, 1, 1, tzinfo=UTC), ("1", "infinity"))

    with pytest.raises(ValueUnfitError, match=r"shop\.items, column added: no date32"):
        encode(layout(ITEMS, mappings(), SOURCE, TARGET), batch, TARGET)


def test_files_of_changes_get_names_that_go_up_and_never_overwrite():
    bucket, batch = Bucket(), Batch()
    batch.add("I", datetime(2026, 1, 1, tzinfo=UTC), ("1", None))
    plan = layout(ITEMS, mappings(transform("schema", "rename", "cdc", schema="shop")), SOURCE, TARGET)
    files = Files(bucket, TARGET)

    for _ in range(20):
        files.put_changes(plan, batch)
    names = list(bucket.objects)
    again = Bucket(*names)
    Files(again, TARGET).put_changes(plan, batch)

    assert names == sorted(names)
    assert len(set(names)) == 20
    assert all(name.startswith("cdc/items/") for name in names)
    assert len(again.objects) == 21


def test_files_of_the_load_are_counted_in_hexadecimal_below_the_endpoints_folder():
    bucket, batch = Bucket(), Batch()
    target = Target("lake", "land/", False, False, None, False, "none", 2**30, 60.0, 2**25)
    files = Files(bucket, target)
    batch.add("I", datetime(2026, 1, 1, tzinfo=UTC), ("1", None))

    files.put_load(layout(ITEMS, mappings(), SOURCE, target), 10, batch)

    ((name, body),) = bucket.objects.items()
    assert name == "land/shop/items/LOAD0000000A.parquet"
    assert pq.read_table(io.BytesIO(body)).schema.names == ["id", "added"]
