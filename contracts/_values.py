"""Reads what topics, captured tables and tables have in common, and collects their problems."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import inf
from typing import Any, TypeGuard

from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty

from contracts import types
from contracts.errors import Problem
from contracts.model import CLASSIFICATIONS

NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
PREFIX = re.compile(r"^[a-z][a-z0-9_-]*(/[a-z][a-z0-9_-]*)*$")
_DAYS = {"d": 1, "day": 1, "days": 1, "m": 30, "month": 30, "months": 30, "y": 365, "year": 365, "years": 365}


@dataclass
class Reading:
    """One file being read; `problems` grows as it goes."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def problem(self, path: str, value: object, rule: str) -> None:
        self.problems.append(Problem(self.file, path, "missing" if value is None else repr(value), rule))


def custom(item: SchemaObject | SchemaProperty, name: str) -> Any:
    """Return the value of a custom property; None if it is not there."""
    for entry in item.customProperties or []:
        if entry.property == name:
            return entry.value
    return None


def custom_text(item: SchemaObject | SchemaProperty, name: str, at: str, reading: Reading) -> str | None:
    """Return the value of a custom property that is a text; None if it is not there, or after a problem."""
    value = custom(item, name)
    if value is None or isinstance(value, str):
        return value
    reading.problem(f"{at}.customProperties.{name}", value, "a text")
    return None


def known_customs(item: SchemaObject | SchemaProperty, known: tuple[str, ...], at: str, reading: Reading) -> None:
    """Report custom properties that nobody reads, a slip of the pen, and those that stand there twice."""
    seen: set[str] = set()
    for index, entry in enumerate(item.customProperties or []):
        name = entry.property or ""
        where = f"{at}.customProperties[{index}].property"
        if name not in known:
            rule = f"a custom property here is one of: {', '.join(known) or 'none'}"
            reading.problem(where, name, f"{rule}{did_you_mean(name, known)}")
        elif name in seen:
            reading.problem(where, name, "a custom property stands once in a list")
        seen.add(name)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a rule: what a name that is not known was probably meant to be."""
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def is_whole(value: object, low: float, high: float = inf) -> TypeGuard[int]:
    """Return whether a value is a whole number from `low` to `high`; True is 1 to Python only, and none here."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def name_of(value: str | None, at: str, reading: Reading) -> str:
    if not value or not NAME.match(value):
        rule = "a name is lower case, begins with a letter and has letters, digits and _ only (63 at most)"
        reading.problem(at, value, rule)
    return value or ""


def prefix_of(item: SchemaObject, name: str, at: str, reading: Reading) -> str:
    """Return the folder in the zone's bucket: custom property `prefix`, or the name."""
    prefix = custom_text(item, "prefix", at, reading)
    if prefix is None:
        return name
    if not PREFIX.match(prefix):
        rule = "folders in lower case with digits, - and _, between single slashes, without one at either end"
        reading.problem(f"{at}.customProperties.prefix", prefix, rule)
        return name
    return prefix


def text_of(value: str | None, at: str, reading: Reading) -> str:
    if not value:
        reading.problem(at, value, "everything has a description; it becomes the comment in the catalog")
    return value or ""


def default_classification(item: SchemaObject, at: str, reading: Reading) -> str | None:
    """Return what custom property `classification` of a topic or table says of all its properties; "" if wrong."""
    default = custom(item, "classification")
    if default is not None and default not in CLASSIFICATIONS:
        reading.problem(f"{at}.customProperties.classification", default, f"one of: {', '.join(CLASSIFICATIONS)}")
        return ""
    return default


def classification_of(item: SchemaProperty, default: str | None, at: str, reading: Reading) -> str:
    """Return a property's own classification, or `default`: that of what it lies in, "" if reported already."""
    classification = item.classification
    if classification is None and default == "":
        return ""
    classification = default if classification is None else classification
    if classification not in CLASSIFICATIONS:
        rule = f"one of: {', '.join(CLASSIFICATIONS)}; said here, or once for all in the custom property above"
        reading.problem(f"{at}.classification", classification, rule)
    return classification or ""


def retention_days(contract: OpenDataContractStandard, element: str, reading: Reading) -> int:
    """Return the days that the SLA property `retention` of this element gives."""
    for index, sla in enumerate(contract.slaProperties or []):
        if sla.property == "retention" and sla.element == element:
            days = _DAYS.get(sla.unit or "d")
            if days is None:
                reading.problem(f"$.slaProperties[{index}].unit", sla.unit, f"one of: {', '.join(_DAYS)}")
            elif not is_whole(sla.value, 1):
                reading.problem(f"$.slaProperties[{index}].value", sla.value, "a whole number from 1")
            else:
                return sla.value * days
            return 0
    reading.problem("$.slaProperties", None, f"a property `retention` with element {element} says how long it is kept")
    return 0


def primary_key(properties: list[SchemaProperty], at: str, reading: Reading) -> tuple[str, ...]:
    """Return the names of the key's fields in the order of primaryKeyPosition."""
    keys = [(p.primaryKeyPosition, p.name or "") for p in properties if p.primaryKey]
    positions = sorted(position for position, _ in keys if position is not None)
    if positions != list(range(1, len(keys) + 1)):
        reading.problem(f"{at}.properties", keys, "the fields of a key have primaryKeyPosition 1, 2, ... without a gap")
        return tuple(name for _, name in keys)
    return tuple(name for _, name in sorted(keys, key=lambda k: k[0] or 0))


def primitive_of(item: SchemaProperty, nested: tuple[str, ...], at: str, reading: Reading) -> str | None:
    """Return the Iceberg primitive of a property; `nested` are the logical types that this place allows besides."""
    logical, physical = item.logicalType or "", item.physicalType
    kind = types.primitive(logical, physical)
    if kind is None:
        allowed = types.PHYSICAL_BY_LOGICAL.get(logical)
        if allowed:
            reading.problem(f"{at}.physicalType", physical, f"a {logical} has physicalType {' or '.join(allowed)}")
        else:
            names = ", ".join([*types.PHYSICAL_BY_LOGICAL, *nested])
            reading.problem(f"{at}.logicalType", item.logicalType, f"one of: {names}")
    return kind
