"""What leaves AWS: a record cut down to the fields that its contract shares.

A path names a scalar: `order_id`, `customer.country`, `lines[].quantity`, `tags[]`. A shared field
that the record lacks is absent from the result; so is one whose value has another shape than its path
says (an object where a scalar is shared would carry its own fields along). Numbers keep the digits
that the producer wrote: 0.50 stays 0.50, and nothing is rounded on the way.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from json.encoder import encode_basestring_ascii
from typing import Any


class UnfitError(Exception):
    """A record that cannot be projected, now or ever; `reason` is one word for machines."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class _Number(str):
    """A JSON number, as written."""

    __slots__ = ()


class Projection:
    """The shared fields of one topic, ready to be applied to its records."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._shape: dict[str, Any] = {}
        for path in paths:
            shape = self._shape
            steps = path.replace("[]", ".[]").split(".")
            for step in steps[:-1]:
                shape = shape.setdefault(step, {})
            shape[steps[-1]] = None

    def apply(self, value: bytes | None) -> bytes:
        """Return the record's shared fields as JSON text.

        Raises: UnfitError with reason `tombstone` (no value), `not_text` (no UTF-8), `not_json` or `not_object`.
        """
        if value is None:
            raise UnfitError("tombstone", "the record has no value")
        try:
            document = json.loads(
                value.decode("utf-8"), parse_float=_Number, parse_int=_Number, parse_constant=_refuse_constant
            )
        except UnicodeDecodeError as error:
            raise UnfitError("not_text", f"byte {error.start} is not UTF-8") from error
        except ValueError as error:
            raise UnfitError("not_json", str(error)) from error
        except RecursionError as error:
            raise UnfitError("not_json", "nested too deeply to be read") from error
        if not isinstance(document, dict):
            raise UnfitError("not_object", "the value is JSON, but not an object")
        return _render(_cut(document, self._shape)).encode("ascii")


_ABSENT: Any = object()


def _cut(value: Any, shape: dict[str, Any] | None) -> Any:
    if shape is None:
        return _ABSENT if isinstance(value, dict | list) else value
    if "[]" in shape:
        if not isinstance(value, list):
            return _ABSENT
        items = (_cut(item, shape["[]"]) for item in value)
        return [item for item in items if item is not _ABSENT]
    if not isinstance(value, dict):
        return _ABSENT
    fields = ((name, _cut(value[name], below)) for name, below in shape.items() if name in value)
    return {name: field for name, field in fields if field is not _ABSENT}


def _render(value: Any) -> str:
    # json.dumps cannot write a number by its own digits.
    if isinstance(value, _Number):
        return value
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{encode_basestring_ascii(name)}:{_render(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_render, value)) + "]"
    return {None: "null", True: "true", False: "false"}[value]


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
