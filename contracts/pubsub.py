"""Renders the schema of a shared topic in Pub/Sub: which fields Google's side receives, and of what types.

Protocol Buffers with JSON encoding, because its JSON is the plain one that the bridge sends: Avro's wraps every value
that may be absent ({"string": "..."}). Pub/Sub wants one top-level message and no imports, so a timestamp is a text.

A changed contract is a new revision of the schema, and Pub/Sub takes only those in which optional fields come or go
(its page on committing revisions). So every scalar is `optional`, also what the contract requires: that is for the
bridge to hold. A field's number follows from its name, so that it stays when another field comes before it or goes.
Descriptions are left out: a better word is no new revision, of which a schema has twenty.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace

from contracts.model import Field, Topic

DOUBLE_DIGITS = 15
"""Decimal digits that a double keeps: such a number comes out of one as it went in."""
_SCALARS = {
    "string": "string",
    "boolean": "bool",
    "int": "int32",
    "long": "int64",
    "double": "double",
    "timestamptz": "string",
    "date": "string",
}
_FORMS = {"timestamptz": "2026-05-01T12:00:00+02:00", "date": "2026-05-01"}
_MAX_NUMBER = 2**29 - 1
_RESERVED = range(19_000, 20_000)
"""Field numbers that Protocol Buffers keeps for itself (language guide, assigning field numbers)."""


def shared_fields(topic: Topic, target: str = "gcp") -> tuple[Field, ...]:
    """Return the fields of a topic that may leave to `target`; an array has those of its items' that may."""
    return shared(topic.fields, target)


def schema_definition(topic: Topic) -> str:
    """Return the topic's schema as the text of a .proto file."""
    return "\n".join(['syntax = "proto3";', "", *_message(topic.name, shared_fields(topic)), ""])


def misfits(fields: tuple[Field, ...], at: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield what of shared fields no schema can say: (path below `at`, value, rule)."""
    taken: dict[str | int, str] = {}
    for f in fields:
        path = f"{at}{f.name}"
        if f.type.startswith("decimal") and _digits(f.type) > DOUBLE_DIGITS:
            rule = f"Pub/Sub has no decimals and a double keeps {DOUBLE_DIGITS} digits: a longer one is not shared"
            yield path, f.type, rule
        for key in (_camel(f.name), _number(f.name)):
            other = taken.setdefault(key, f.name)
            if other != f.name:
                yield path, f.name, f"Protocol Buffers cannot tell it from {at}{other}: give one of them another name"
                break
        yield from misfits(f.fields, f"{path}[].")


def shared(fields: tuple[Field, ...], target: str) -> tuple[Field, ...]:
    """See shared_fields."""
    kept = (replace(f, fields=shared(f.fields, target)) if f.type == "array" else f for f in fields)
    return tuple(f for f in kept if (f.fields if f.type == "array" else target in f.shared_with))


def _message(name: str, fields: tuple[Field, ...]) -> Iterator[str]:
    yield f"message {_camel(name)} {{"
    for f in fields:
        if f.type == "array":
            yield from (f"  {line}" for line in _message(f.name, f.fields))
    for f in fields:
        yield f"  {_label(f)} {f.name} = {_number(f.name)};{_comment(f.type)}"
    yield "}"


def _label(f: Field) -> str:
    return f"repeated {_camel(f.name)}" if f.type == "array" else f"optional {_SCALARS.get(f.type, 'double')}"


def _comment(kind: str) -> str:
    """Return what the type says and the one in the schema cannot."""
    if kind.startswith("decimal"):
        return f"  // {kind}"
    return f"  // {kind}, as {_FORMS[kind]}" if kind in _FORMS else ""


def _digits(decimal: str) -> int:
    return int(decimal.removeprefix("decimal(").split(",")[0])


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in re.split("_+", name))


def _number(name: str) -> int:
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % _MAX_NUMBER + 1
    return number + len(_RESERVED) if number in _RESERVED else number
