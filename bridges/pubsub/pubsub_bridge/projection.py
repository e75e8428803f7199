"""What leaves AWS: a record cut down to the fields that its contract shares, each of the type that it says.

Pub/Sub holds every message against the topic's schema, which is made of the same contract, and refuses the whole
request for one message that does not fit. So what does not fit is found here. A required field must be there; one that
is null counts as absent, and an absent one is left out. Decimals keep the digits that the producer wrote: 0.50 stays
0.50, and nothing is rounded on the way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring_ascii
from typing import Any

from pubsub_bridge import scalars
from pubsub_bridge.scalars import Number, WrongTypeError


class UnfitError(Exception):
    """A record that cannot be projected, now or ever; `reason` is one word for machines."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Projection:
    """The shared fields of one topic, ready to be applied to its records."""

    def __init__(self, fields: Sequence[Mapping[str, Any]]) -> None:
        """Args: fields: of the compiled contract: `name`, `type`, `required`, and of an array its items' `fields`."""
        self._fields = [_Field(f, "") for f in fields]

    def apply(self, value: bytes | None) -> bytes:
        """Return the record's shared fields as JSON text.

        Raises: UnfitError with reason `tombstone` (no value), `not_text` (no UTF-8), `not_json`, `not_object`,
            `missing_field` (a required one) or `wrong_type`.
        """
        if value is None:
            raise UnfitError("tombstone", "the record has no value")
        try:
            document = json.loads(
                value.decode("utf-8"), parse_float=Number, parse_int=Number, parse_constant=_refuse_constant
            )
        except UnicodeDecodeError as error:
            raise UnfitError("not_text", f"byte {error.start} is not UTF-8") from error
        except ValueError as error:
            raise UnfitError("not_json", str(error)) from error
        except RecursionError as error:
            raise UnfitError("not_json", "nested too deeply to be read") from error
        if not isinstance(document, dict):
            raise UnfitError("not_object", "the value is JSON, but not an object")
        return _object(document, self._fields).encode("ascii")


class _Field:
    """A shared field: `json` gives its value as text."""

    __slots__ = ("json", "key", "name", "path", "required")

    def __init__(self, compiled: Mapping[str, Any], below: str) -> None:
        self.name: str = compiled["name"]
        self.path = f"{below}{self.name}"
        self.key = encode_basestring_ascii(self.name)
        self.required: bool = compiled["required"]
        self.json: Callable[[Any], str]
        if compiled["type"] == "array":
            self.json = _array([_Field(f, f"{self.path}[].") for f in compiled["fields"]])
        else:
            self.json = scalars.renderer(compiled["type"])


def _object(document: Mapping[str, Any], fields: Sequence[_Field]) -> str:
    parts = []
    for field in fields:
        value = document.get(field.name)
        if value is None:
            if field.required:
                raise UnfitError("missing_field", f"{field.path} is required")
            continue
        try:
            parts.append(f"{field.key}:{field.json(value)}")
        except WrongTypeError as error:
            raise UnfitError("wrong_type", f"{field.path} {error}") from error
    return "{" + ",".join(parts) + "}"


def _array(items: Sequence[_Field]) -> Callable[[Any], str]:
    def render(value: Any) -> str:
        if not isinstance(value, list):
            raise WrongTypeError(f"is {scalars.kind_of(value)}, not an array")
        for item in value:
            if not isinstance(item, dict):
                raise WrongTypeError(f"has {scalars.kind_of(item)} among its items, which are objects")
        return "[" + ",".join(_object(item, items) for item in value) + "]"

    return render


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
