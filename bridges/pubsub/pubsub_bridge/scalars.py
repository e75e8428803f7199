"""Which JSON values are of a contract's type, and how they are written.

The lake judges by the same rules (etl/lakehouse/scalars.py), so what it accepts is sent and what it quarantines for its
type is not; a test holds the two against each other. Nothing becomes another JSON type: "1" is no number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from json.encoder import encode_basestring_ascii
from typing import Any

RANGES = {"int": 2**31, "long": 2**63}
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6}0*)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Number(str):
    """A JSON number, as written."""

    __slots__ = ()


class WrongTypeError(ValueError):
    """A value is not of its field's type; the message completes "<field> ..."."""


def renderer(type_name: str) -> Callable[[Any], str]:
    """Return the function that writes a parsed value (not null) of a contract's scalar type as JSON.

    What the function raises is a WrongTypeError.
    """
    if type_name.startswith("decimal"):
        precision, scale = map(int, re.findall(r"\d+", type_name))
        return _decimal(precision, scale)
    if type_name in RANGES:
        return _integer(RANGES[type_name])
    return {"string": _string, "boolean": _boolean, "double": _double, "date": _date, "timestamptz": _timestamp}[
        type_name
    ]


def kind_of(value: Any) -> str:
    """Return what JSON calls a parsed value, with its article."""
    if isinstance(value, bool):
        return "a boolean"
    if type(value) is Number:
        return "a number"
    names: dict[type, str] = {str: "a text", list: "an array", dict: "an object"}
    return names.get(type(value), "null")


def _integer(limit: int) -> Callable[[Any], str]:
    def render(value: Any) -> str:
        number = _number(value)
        # The magnitude first: 1e999999999 as an integer would fill the memory.
        if number and number.adjusted() > 18:
            raise WrongTypeError("is out of range")
        whole = int(number)
        if whole != number:
            raise WrongTypeError("is not a whole number")
        if not -limit <= whole < limit:
            raise WrongTypeError("is out of range")
        # In digits alone: a reader of 9223372036854775807.0 would take it for a double and round it.
        return str(whole)

    return render


def _decimal(precision: int, scale: int) -> Callable[[Any], str]:
    unit = Decimal(1).scaleb(-scale)
    exact = Context(prec=precision, traps=[Inexact, InvalidOperation])

    def render(value: Any) -> str:
        try:
            _number(value).quantize(unit, context=exact)
        except Inexact as error:
            raise WrongTypeError(f"has more than {scale} decimals") from error
        except InvalidOperation as error:
            raise WrongTypeError(f"has more than {precision - scale} digits before the point") from error
        return str(value)

    return render


def _double(value: Any) -> str:
    if float(_number(value)) in (float("inf"), float("-inf")):
        raise WrongTypeError("is out of range")
    return str(value)


def _number(value: Any) -> Decimal:
    if type(value) is not Number:
        raise WrongTypeError(f"is {kind_of(value)}, not a number")
    try:
        return Decimal(value)
    except ArithmeticError as error:
        raise WrongTypeError("is out of range") from error


def _boolean(value: Any) -> str:
    if not isinstance(value, bool):
        raise WrongTypeError(f"is {kind_of(value)}, not a boolean")
    return "true" if value else "false"


def _string(value: Any) -> str:
    return encode_basestring_ascii(_text(value))


def _date(value: Any) -> str:
    text = _text(value)
    try:
        if _DATE.fullmatch(text):
            date.fromisoformat(text)
            return encode_basestring_ascii(text)
    except ValueError as error:
        raise WrongTypeError(f"is no date: {error}") from error
    raise WrongTypeError("is no date of the form 2026-05-01")


def _timestamp(value: Any) -> str:
    text = _text(value)
    try:
        if _TIMESTAMP.fullmatch(text):
            datetime.fromisoformat(text).astimezone(UTC)
            return encode_basestring_ascii(text)
    except (ValueError, OverflowError) as error:
        raise WrongTypeError(f"is no point in time: {error}") from error
    raise WrongTypeError("is no timestamp of the form 2026-05-01T12:00:00+02:00 (offset or Z needed)")


def _text(value: Any) -> str:
    if type(value) is not str:
        raise WrongTypeError(f"is {kind_of(value)}, not a text")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise WrongTypeError("has half a surrogate pair, which is not Unicode") from error
    return value
