"""Messages of pgoutput, PostgreSQL's own plugin for logical decoding, protocol version 1.

https://www.postgresql.org/docs/18/protocol-logicalrep-message-formats.html
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import NamedTuple

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""PostgreSQL counts its microseconds from here."""


class ProtocolError(ValueError):
    """Bytes that are no message of the protocol."""


class Unchanged(Enum):
    """Stands for a large value that an UPDATE did not touch and that the server therefore does not send."""

    TOAST = "unchanged"


Value = str | None | Unchanged
Row = tuple[Value, ...]


class Column(NamedTuple):
    name: str
    type_oid: int
    modifier: int
    in_key: bool


class Relation(NamedTuple):
    """A table as the messages that follow have it."""

    oid: int
    schema: str
    name: str
    identity: str
    """How rows are told apart: d (primary key), i (an index), f (all columns), n (not at all)."""
    columns: tuple[Column, ...]


class Begin(NamedTuple):
    final_lsn: int
    committed: datetime
    xid: int


class Commit(NamedTuple):
    end_lsn: int
    committed: datetime


class Insert(NamedTuple):
    relation: Relation
    new: Row


class Update(NamedTuple):
    relation: Relation
    old: Row | None
    """The row before, if it was sent: whole, or with values in the key's columns only."""
    new: Row


class Delete(NamedTuple):
    relation: Relation
    old: Row
    """Whole, or with values in the key's columns only."""


class Truncate(NamedTuple):
    relations: tuple[Relation, ...]


class Other(NamedTuple):
    """A message that changes no row: types, origins, messages of applications."""

    kind: str


Message = Relation | Begin | Commit | Insert | Update | Delete | Truncate | Other

_INT64 = struct.Struct("!q")
_UINT64 = struct.Struct("!Q")
_INT32 = struct.Struct("!i")
_UINT32 = struct.Struct("!I")
_UINT16 = struct.Struct("!H")


class Decoder:
    """Bytes of one replication connection to messages; it remembers the relations that the server describes once."""

    def __init__(self) -> None:
        self._relations: dict[int, Relation] = {}

    def __call__(self, payload: bytes) -> Message:
        """Raises: ProtocolError if the payload is cut off, has bytes left over, or names an unknown relation."""
        reader = _Reader(payload)
        kind = chr(reader.byte())
        message = self._message(kind, reader)
        if kind in "RBCIUDT" and reader.rest:
            raise ProtocolError(f"{reader.rest} bytes too many after a message of kind {kind!r}")
        return message

    def _message(self, kind: str, reader: _Reader) -> Message:
        match kind:
            case "I":
                relation = self._relation(reader)
                reader.expect("N")
                return Insert(relation, reader.row())
            case "U":
                relation = self._relation(reader)
                old = None
                if (tag := reader.byte()) in b"KO":
                    old, tag = reader.row(), reader.byte()
                if tag != ord("N"):
                    raise ProtocolError(f"an update has {chr(tag)!r} where its new row should be")
                return Update(relation, old, reader.row())
            case "D":
                relation = self._relation(reader)
                reader.expect("KO")
                return Delete(relation, reader.row())
            case "B":
                return Begin(reader.uint64(), reader.time(), reader.uint32())
            case "C":
                reader.byte()  # flags, unused
                reader.uint64()  # where the commit itself lies
                return Commit(reader.uint64(), reader.time())
            case "R":
                relation = reader.relation()
                self._relations[relation.oid] = relation
                return relation
            case "T":
                count = reader.uint32()
                reader.byte()  # CASCADE, RESTART IDENTITY: the tables that follow from them are in the list
                return Truncate(tuple(self._relation(reader) for _ in range(count)))
            case _:
                return Other(kind)

    def _relation(self, reader: _Reader) -> Relation:
        oid = reader.uint32()
        try:
            return self._relations[oid]
        except KeyError:
            raise ProtocolError(f"the server has not described the relation {oid}") from None


class _Reader:
    """Reads a payload from its start to its end."""

    def __init__(self, payload: bytes) -> None:
        self._payload, self._at = payload, 0

    @property
    def rest(self) -> int:
        return len(self._payload) - self._at

    def byte(self) -> int:
        return self._take(1)[0]

    def uint16(self) -> int:
        return int(_UINT16.unpack(self._take(2))[0])

    def uint32(self) -> int:
        return int(_UINT32.unpack(self._take(4))[0])

    def int32(self) -> int:
        return int(_INT32.unpack(self._take(4))[0])

    def uint64(self) -> int:
        return int(_UINT64.unpack(self._take(8))[0])

    def time(self) -> datetime:
        return EPOCH + timedelta(microseconds=_INT64.unpack(self._take(8))[0])

    def expect(self, tags: str) -> None:
        if chr(tag := self.byte()) not in tags:
            raise ProtocolError(f"a row begins with {chr(tag)!r}, not with one of {tags}")

    def text(self) -> str:
        end = self._payload.find(b"\0", self._at)
        if end < 0:
            raise ProtocolError("a name has no end")
        return str(self._take(end - self._at + 1)[:-1], "utf-8")

    def row(self) -> Row:
        return tuple(self._value() for _ in range(self.uint16()))

    def relation(self) -> Relation:
        oid, schema, name, identity = self.uint32(), self.text(), self.text(), chr(self.byte())
        columns = tuple(self._column() for _ in range(self.uint16()))
        return Relation(oid, schema or "pg_catalog", name, identity, columns)

    def _column(self) -> Column:
        flags, name = self.byte(), self.text()
        return Column(name, self.uint32(), self.int32(), bool(flags & 1))

    def _value(self) -> Value:
        match chr(kind := self.byte()):
            case "t":
                return str(self._take(self.uint32()), "utf-8")
            case "n":
                return None
            case "u":
                return Unchanged.TOAST
        raise ProtocolError(f"a value of the unknown kind {chr(kind)!r}")

    def _take(self, length: int) -> bytes:
        start, self._at = self._at, self._at + length
        if self._at > len(self._payload):
            raise ProtocolError(f"the message ends {self._at - len(self._payload)} bytes too early")
        return self._payload[start : self._at]
