"""JSON text to Python values, exactly: no number is rounded, nothing becomes another type or NULL.

Spark's own parser is not used for this: from_json takes the first of two objects in a text, the
only element of an array for the object itself and the later of two equal names, and reads a number
as a double when it is wanted as text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any

RANGES = {"int": 2**31, "bigint": 2**63}
SHOWN = 120
"""Characters of a value that a reason shows."""

_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6}0*)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Number(str):
    """A JSON number as it was written."""

    __slots__ = ()


class NotAnObjectError(ValueError):
    """The text is not one JSON object; the message says why."""


class BadValueError(ValueError):
    """A value is not of its type; the message completes "<field> = <value> ..."."""


class TooManyDecimalsError(BadValueError):
    """A number has more decimals than its type."""


def parse_object(text: str | None) -> dict[str, Any]:
    """Return the JSON object that a text is; numbers come as `Number`.

    Raises: NotAnObjectError for anything else, also for JSON that has a name twice in an object
        (which of the two is meant?), text that is not Unicode (half a surrogate pair), and NaN.
    """
    if text is None:
        raise NotAnObjectError("no value (a tombstone)")
    if not text.strip():
        raise NotAnObjectError("empty text")
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise NotAnObjectError(f"{error.msg} at character {error.pos}") from error
    except RecursionError as error:
        raise NotAnObjectError("nested too deeply") from error
    if type(value) is not dict:
        raise NotAnObjectError(f"{kind_of(value)}, not an object")
    if _ESCAPED_SURROGATE.search(text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise NotAnObjectError("half a surrogate pair is not Unicode") from error
        except RecursionError as error:
            raise NotAnObjectError("nested too deeply") from error
    return value


def kind_of(value: Any) -> str:
    """Return what JSON calls a parsed value, with its article."""
    if isinstance(value, bool):
        return "a boolean"
    if type(value) is Number:
        return "a number"
    names: dict[type, str] = {str: "a text", list: "an array", dict: "an object"}
    return names.get(type(value), "null")


def shown(value: Any) -> str:
    """Return a value as a reason shows it: JSON, shortened; of a list or object only that it is one."""
    if isinstance(value, list | dict):
        return "[...]" if isinstance(value, list) else "{...}"
    text = str(value) if isinstance(value, Number | Decimal) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def converter(type_name: str) -> Callable[[Any], Any]:
    """Return the function that makes a parsed JSON value (not null) a value of a Spark scalar type.

    Texts for strings, dates and timestamps, numbers for numbers: nothing is converted from one JSON
    type to another. Timestamps must name their offset and come back in UTC; more than microseconds
    are refused. What the function raises is a BadValueError.
    """
    if type_name.startswith("decimal"):
        precision, scale = map(int, re.findall(r"\d+", type_name))
        return _decimal(precision, scale)
    if type_name in RANGES:
        return _integer(RANGES[type_name])
    return {"string": _text, "boolean": _boolean, "double": _double, "date": _date, "timestamp": _timestamp}[type_name]


def _integer(limit: int) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        number = _number(value)
        # The magnitude first: 1e999999999 as an integer would fill the memory.
        if number and number.adjusted() > 18:
            raise BadValueError("is out of range")
        whole = int(number)
        if whole != number:
            raise BadValueError("is not a whole number")
        if not -limit <= whole < limit:
            raise BadValueError("is out of range")
        return whole

    return convert


def _decimal(precision: int, scale: int) -> Callable[[Any], Decimal]:
    unit = Decimal(1).scaleb(-scale)
    exact = Context(prec=precision, traps=[Inexact, InvalidOperation])

    def convert(value: Any) -> Decimal:
        try:
            return _number(value).quantize(unit, context=exact)
        except Inexact as error:
            raise TooManyDecimalsError(f"has more than {scale} decimals") from error
        except InvalidOperation as error:
            raise BadValueError(f"has more than {precision - scale} digits before the point") from error

    return convert


def _number(value: Any) -> Decimal:
    if type(value) is not Number:
        raise BadValueError(f"is {kind_of(value)}, not a number")
    try:
        return Decimal(value)
    except ArithmeticError as error:
        raise BadValueError("is out of range") from error


def _double(value: Any) -> float:
    number = float(_number(value))
    if number in (float("inf"), float("-inf")):
        raise BadValueError("is out of range")
    return number


def _text(value: Any) -> str:
    if type(value) is not str:
        raise BadValueError(f"is {kind_of(value)}, not a text")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadValueError(f"is {kind_of(value)}, not a boolean")
    return value


def _date(value: Any) -> date:
    text = _text(value)
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError as error:
        raise BadValueError(f"is no date: {error}") from error
    raise BadValueError("is no date of the form 2026-05-01")


def _timestamp(value: Any) -> datetime:
    text = _text(value)
    try:
        if _TIMESTAMP.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadValueError(f"is no point in time: {error}") from error
    raise BadValueError("is no timestamp of the form 2026-05-01T12:00:00+02:00 (offset or Z needed, microseconds kept)")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotAnObjectError(f"the name {shown(twice)} comes twice in an object")
    return found


def _no_constant(name: str) -> Any:
    raise NotAnObjectError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=Number, parse_int=Number, parse_constant=_no_constant, strict=True
)
