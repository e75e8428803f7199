"""What the readers of topics and tables share: collecting problems, custom properties, retention."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

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
    """The value of a custom property; None if it is not there."""
    for entry in item.customProperties or []:
        if entry.property == name:
            return entry.value
    return None


def known_customs(item: SchemaObject | SchemaProperty, known: tuple[str, ...], at: str, reading: Reading) -> None:
    """A custom property that nobody reads is a slip of the pen: a problem."""
    for index, entry in enumerate(item.customProperties or []):
        if entry.property not in known:
            rule = f"a custom property here is one of: {', '.join(known) or 'none'}"
            reading.problem(f"{at}.customProperties[{index}].property", entry.property, rule)


def name_of(value: str | None, at: str, reading: Reading) -> str:
    if not value or not NAME.match(value):
        rule = "a name is lower case, begins with a letter and has letters, digits and _ only (63 at most)"
        reading.problem(at, value, rule)
    return value or ""


def prefix_of(item: SchemaObject, name: str, at: str, reading: Reading) -> str:
    """The folder in the zone's bucket: custom property `prefix`, or the name."""
    prefix = custom(item, "prefix")
    if prefix is None:
        return name
    if not isinstance(prefix, str) or not PREFIX.match(prefix):
        rule = "folders in lower case with digits, - and _, between single slashes, without one at either end"
        reading.problem(f"{at}.customProperties.prefix", prefix, rule)
        return name
    return prefix


def text_of(value: str | None, at: str, reading: Reading) -> str:
    if not value:
        reading.problem(at, value, "everything has a description; it becomes the comment in the catalog")
    return value or ""


def classification_of(item: SchemaProperty, at: str, reading: Reading) -> str:
    if item.classification not in CLASSIFICATIONS:
        reading.problem(f"{at}.classification", item.classification, f"one of: {', '.join(CLASSIFICATIONS)}")
    return item.classification or ""


def shared_with(
    item: SchemaProperty,
    targets: tuple[str, ...],
    classification: str,
    at: str,
    reading: Reading,
    *,
    kind: object = None,
) -> tuple[str, ...]:
    """The targets that a field or column is marked for; personal data for none.

    Args:
        kind: the type of a table's column. What is inside a nested one has no classification of its own that
            anybody checks, so it is not shared.
    """
    shared = tuple(custom(item, "share") or ())
    for target in shared:
        if target not in targets:
            reading.problem(at, target, f"one of: {', '.join(targets)}")
        if classification == "personal":
            reading.problem(at, target, "personal data is not shared")
        if isinstance(kind, dict):
            reading.problem(at, target, "a column that is shared is not nested: nobody checks what is inside")
    return shared


def retention_days(contract: OpenDataContractStandard, element: str, reading: Reading) -> int:
    """Days that the SLA property `retention` of this element gives."""
    for index, sla in enumerate(contract.slaProperties or []):
        if sla.property == "retention" and sla.element == element:
            days = _DAYS.get(sla.unit or "d")
            if days is None:
                reading.problem(f"$.slaProperties[{index}].unit", sla.unit, f"one of: {', '.join(_DAYS)}")
            elif not isinstance(sla.value, int) or isinstance(sla.value, bool) or sla.value < 1:
                reading.problem(f"$.slaProperties[{index}].value", sla.value, "a whole number from 1")
            else:
                return sla.value * days
            return 0
    reading.problem("$.slaProperties", None, f"a property `retention` with element {element} says how long it is kept")
    return 0


def primary_key(properties: list[SchemaProperty], at: str, reading: Reading) -> tuple[str, ...]:
    """Names of the key's fields in the order of primaryKeyPosition."""
    keys = [(p.primaryKeyPosition, p.name or "") for p in properties if p.primaryKey]
    positions = sorted(position for position, _ in keys if position is not None)
    if positions != list(range(1, len(keys) + 1)):
        reading.problem(f"{at}.properties", keys, "the fields of a key have primaryKeyPosition 1, 2, ... without a gap")
        return tuple(name for _, name in keys)
    return tuple(name for _, name in sorted(keys, key=lambda k: k[0] or 0))


def primitive_of(item: SchemaProperty, nested: tuple[str, ...], at: str, reading: Reading) -> str | None:
    """The Iceberg primitive of a property; `nested` are the logical types that this place allows besides."""
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
