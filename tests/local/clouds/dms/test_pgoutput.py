"""The decoder of pgoutput: what is encoded comes out, whatever it is; bytes that are no message are refused."""

from __future__ import annotations

import struct
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.clouds.dms.pgoutput import (
    EPOCH,
    Begin,
    Column,
    Commit,
    Decoder,
    Delete,
    Insert,
    Other,
    ProtocolError,
    Relation,
    Row,
    Truncate,
    Unchanged,
    Update,
)

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)
LSNS = st.integers(0, 2**64 - 1)
TIMES = st.integers(0, 10**15).map(lambda microseconds: EPOCH + timedelta(microseconds=microseconds))
VALUES = st.none() | st.just(Unchanged.TOAST) | st.text(st.characters(exclude_categories=["Cs"]))
COLUMNS = st.builds(Column, NAMES, st.integers(0, 2**32 - 1), st.integers(-1, 2**31 - 1), st.booleans())
RELATIONS = st.builds(
    Relation,
    st.integers(1, 2**32 - 1),
    NAMES,
    NAMES,
    st.sampled_from("dinf"),
    st.lists(COLUMNS, min_size=1, max_size=6).map(tuple),
)


@st.composite
def changes(draw: st.DrawFn) -> tuple[Relation, Insert | Update | Delete]:
    relation = draw(RELATIONS)
    rows = st.tuples(*[VALUES] * len(relation.columns))
    change = st.one_of(
        st.builds(Insert, st.just(relation), rows),
        st.builds(Update, st.just(relation), st.none() | rows, rows),
        st.builds(Delete, st.just(relation), rows),
    )
    return relation, draw(change)


def text(value: str) -> bytes:
    return value.encode() + b"\0"


def row_bytes(row: Row) -> bytes:
    parts = [struct.pack("!H", len(row))]
    for value in row:
        if value is None:
            parts.append(b"n")
        elif value is Unchanged.TOAST:
            parts.append(b"u")
        else:
            parts.append(b"t" + struct.pack("!I", len(value.encode())) + value.encode())
    return b"".join(parts)


def relation_bytes(relation: Relation) -> bytes:
    head = struct.pack("!I", relation.oid) + text(relation.schema) + text(relation.name) + relation.identity.encode()
    columns = [struct.pack("!B", c.in_key) + text(c.name) + struct.pack("!Ii", *c[1:3]) for c in relation.columns]
    return b"R" + head + struct.pack("!H", len(columns)) + b"".join(columns)


def change_bytes(change: Insert | Update | Delete) -> bytes:
    oid = struct.pack("!I", change.relation.oid)
    match change:
        case Insert():
            return b"I" + oid + b"N" + row_bytes(change.new)
        case Update():
            old = b"" if change.old is None else b"O" + row_bytes(change.old)
            return b"U" + oid + old + b"N" + row_bytes(change.new)
        case Delete():
            return b"D" + oid + b"K" + row_bytes(change.old)


def microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


@given(changes())
def test_a_change_comes_out_as_it_went_in(case):
    relation, change = case
    decode = Decoder()

    assert decode(relation_bytes(relation)) == relation
    assert decode(change_bytes(change)) == change


@given(changes(), st.data())
def test_a_message_that_is_cut_off_or_too_long_is_refused(case, data):
    relation, change = case
    payload = change_bytes(change)
    cut = data.draw(st.integers(1, len(payload) - 1))
    decode = Decoder()
    decode(relation_bytes(relation))

    with pytest.raises(ProtocolError):
        decode(payload[:cut])
    with pytest.raises(ProtocolError, match="1 bytes too many"):
        decode(payload + b"\0")


@given(LSNS, TIMES, st.integers(0, 2**32 - 1))
def test_a_transactions_begin_and_end_have_their_position_and_time(lsn, moment, xid):
    begin = b"B" + struct.pack("!QqI", lsn, microseconds(moment), xid)
    commit = b"C" + struct.pack("!BQQq", 0, lsn - 1 if lsn else 0, lsn, microseconds(moment))

    assert Decoder()(begin) == Begin(lsn, moment, xid)
    assert Decoder()(commit) == Commit(lsn, moment)


@given(st.lists(RELATIONS, min_size=1, max_size=4, unique_by=lambda relation: relation.oid))
def test_a_truncate_names_all_its_tables(relations):
    decode = Decoder()
    for relation in relations:
        decode(relation_bytes(relation))
    oids = struct.pack(f"!{len(relations)}I", *(relation.oid for relation in relations))

    assert decode(b"T" + struct.pack("!IB", len(relations), 1) + oids) == Truncate(tuple(relations))


def test_a_change_of_a_relation_that_was_never_described_is_refused():
    with pytest.raises(ProtocolError, match="has not described the relation 7"):
        Decoder()(b"I" + struct.pack("!I", 7) + b"N" + row_bytes(("1",)))


def test_a_later_description_of_a_relation_takes_the_place_of_the_first():
    first = Relation(7, "shop", "items", "d", (Column("id", 20, -1, True),))
    later = first._replace(columns=(*first.columns, Column("name", 25, -1, False)))
    decode = Decoder()
    decode(relation_bytes(first))
    decode(relation_bytes(later))

    assert decode(change_bytes(Insert(later, ("1", "a")))) == Insert(later, ("1", "a"))


def test_messages_that_change_no_row_are_passed_on_by_their_kind():
    assert Decoder()(b"Y" + struct.pack("!I", 1) + b"public\0mood\0") == Other("Y")
