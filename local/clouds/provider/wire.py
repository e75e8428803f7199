"""The engine's property values, to Python and back.

On the wire everything is a protobuf Struct; secrets, assets and archives are objects with a signature,
and a value that a preview cannot know is a sentinel string (sdk/go/common/resource/plugin/rpc.go).
Here they are `Secret`, `Asset`, `Archive` and `UNKNOWN`; the rest is plain dict, list, str, int, float,
bool and None. Numbers are doubles on the wire; a whole one becomes an int.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2

from local.clouds.provider.assets import Archive, Asset

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the mark of one
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SENTINELS: Final = frozenset(
    {
        UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)

Properties = dict[str, Any]


class _Unknown:
    """The type of `UNKNOWN`, what only the deployment itself will tell."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that the engine encrypts in its state and masks in what it prints."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(...)"


def decode(struct: struct_pb2.Struct) -> Properties:
    """The properties in a Struct."""
    return {name: _decode(value) for name, value in struct.fields.items()}


def encode(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """The Struct of some properties; the inverse of `decode`."""
    struct = struct_pb2.Struct()
    for name, value in properties.items():
        _encode(value, struct.fields[name])
    return struct


def _decode(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in SENTINELS else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_decode(item) for item in value.list_value.values]
    if kind == "struct_value":
        return _decode_object(value.struct_value)
    return None


def _decode_object(struct: struct_pb2.Struct) -> Any:
    fields = struct.fields
    signature = fields[SIGNATURE].string_value if SIGNATURE in fields else None
    if signature is None:
        return {name: _decode(value) for name, value in fields.items()}
    given = {name: _decode(value) for name, value in fields.items() if name != SIGNATURE}
    if signature == SECRET:
        return Secret(given.get("value"))
    if signature == ASSET:
        return Asset(given.get("hash", ""), given.get("text"), given.get("path"), given.get("uri"))
    if signature == ARCHIVE:
        return Archive(given.get("hash", ""), given.get("assets"), given.get("path"), given.get("uri"))
    if signature == OUTPUT:
        inner = given.get("value", UNKNOWN)
        return Secret(inner) if given.get("secret") else inner
    if signature == RESOURCE:
        return given.get("id") or given.get("urn")
    raise ValueError(f"a property value has the signature {signature}, which the engine does not send to providers")


def _encode(value: Any, into: struct_pb2.Value) -> None:
    if value is None:
        into.null_value = struct_pb2.NULL_VALUE
    elif value is UNKNOWN:
        into.string_value = UNKNOWN_STRING
    elif isinstance(value, bool):
        into.bool_value = value
    elif isinstance(value, (int, float)):
        into.number_value = value
    elif isinstance(value, str):
        into.string_value = value
    elif isinstance(value, Secret):
        _encode({SIGNATURE: SECRET, "value": value.value}, into)
    elif isinstance(value, (Asset, Archive)):
        signature = ASSET if isinstance(value, Asset) else ARCHIVE
        _encode({SIGNATURE: signature, **value.parts()}, into)
    elif isinstance(value, Mapping):
        into.struct_value.SetInParent()
        for name, item in value.items():
            _encode(item, into.struct_value.fields[name])
    elif isinstance(value, (list, tuple)):
        into.list_value.SetInParent()
        for item in value:
            _encode(item, into.list_value.values.add())
    else:
        raise TypeError(f"{type(value).__name__} is no property value")


def reveal(value: Any) -> Any:
    """The value without its secret marks, for handing to a service."""
    if isinstance(value, Secret):
        return reveal(value.value)
    return _map(value, reveal)


def redact(value: Any, mask: Any = None) -> Any:
    """The value with every secret replaced by `mask`, for storing or showing."""
    if isinstance(value, Secret):
        return mask
    return _map(value, lambda item: redact(item, mask))


def conceal(value: Any, like: Any) -> Any:
    """The value, marked secret wherever `like`, a value of the same form, is."""
    if isinstance(like, Secret):
        return value if isinstance(value, Secret) else Secret(reveal(value))
    if isinstance(value, dict) and isinstance(like, dict):
        return {name: conceal(item, like.get(name)) for name, item in value.items()}
    if isinstance(value, list) and isinstance(like, list):
        return [conceal(item, like[i] if i < len(like) else None) for i, item in enumerate(value)]
    return value


def contains_unknown(value: Any) -> bool:
    return any(item is UNKNOWN for item in _walk(value))


def contains_secret(value: Any) -> bool:
    return any(isinstance(item, Secret) for item in _walk(value))


def _map(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {name: change(item) for name, item in value.items()}
    if isinstance(value, list):
        return [change(item) for item in value]
    return value


def _walk(value: Any) -> Iterator[Any]:
    yield value
    inner: list[Any] = []
    if isinstance(value, Secret):
        inner = [value.value]
    elif isinstance(value, dict):
        inner = list(value.values())
    elif isinstance(value, list):
        inner = value
    for item in inner:
        yield from _walk(item)
