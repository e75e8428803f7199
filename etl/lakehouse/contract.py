"""The compiled contract of a dataset or mart, typed: what `contracts.compile_all` wrote as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCALARS = re.compile(r"string|boolean|int|bigint|double|date|timestamp|decimal\(\d{1,2},\d{1,2}\)")
CONFORM_KINDS = ("identifier", "iso3166", "iso4217", "money")
RULE_KINDS = ("range", "pattern", "enum")


class ContractError(ValueError):
    """The compiled contract asks for what these jobs cannot do; the text says where and what."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a record. `type` is a Spark type name, or `array` of objects with `fields`."""

    name: str
    type: str
    required: bool
    conform: str | None = None
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule on one field, named by path: `order_id`, or `lines[].quantity` for each element's."""

    name: str
    field: str
    kind: str
    minimum: float | int | None = None
    maximum: float | int | None = None
    pattern: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TableSpec:
    """A table as the contract wants it; `columns` maps name to Spark type, in the table's order."""

    name: str
    primary_key: tuple[str, ...]
    columns: Mapping[str, str]

    @classmethod
    def load(cls, compiled: Mapping[str, Any]) -> TableSpec:
        return cls(
            name=compiled["name"],
            primary_key=tuple(compiled["primary_key"]),
            columns={c["name"]: c["type"] for c in compiled["columns"]},
        )


@dataclass(frozen=True, kw_only=True)
class Job:
    """What `curate` needs to know of a dataset that comes from a topic."""

    dataset: str
    version: str
    reporting_currency: str
    source: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    countries: frozenset[str]
    currencies: Mapping[str, int]
    head_name: str
    tables: Mapping[str, TableSpec]
    operations: Mapping[str, str]

    @property
    def head(self) -> TableSpec:
        """The table whose commit carries the watermark; written last."""
        return self.tables[self.head_name]

    @classmethod
    def load(cls, compiled: Mapping[str, Any]) -> Job:
        """Read a compiled contract.

        Raises: ContractError for a source, type, conform or rule kind that is not known here.
        """
        dataset = compiled["dataset"]
        if compiled["source"]["kind"] != "topic":
            raise ContractError(f"dataset {dataset}: source kind {compiled['source']['kind']!r}; curate reads topics")
        return cls(
            dataset=dataset,
            version=compiled["version"],
            reporting_currency=compiled["reporting_currency"],
            source=compiled["source"]["table"],
            key=tuple(compiled["key"]),
            fields=tuple(_field(f, f"dataset {dataset}, field ") for f in compiled["fields"]),
            rules=tuple(_rule(r, f"dataset {dataset}, rule ") for r in compiled["rules"]),
            countries=frozenset(compiled["countries"]),
            currencies=dict(compiled["currencies"]),
            head_name=compiled["head"],
            tables={name: TableSpec.load(table) for name, table in compiled["tables"].items()},
            operations=dict(compiled["operations"]),
        )


def read(path: Path, section: str, name: str) -> dict[str, Any]:
    """Return the compiled contract of one dataset, mart or exchange.

    Args:
        section: "datasets", "marts" or "exchanges".
    Raises: ContractError, naming what the file has, if it has no such entry.
    """
    entries = json.loads(path.read_text(encoding="utf-8"))[section]
    if name not in entries:
        raise ContractError(f"{path.name}: {section} has no {name!r}; it has {', '.join(sorted(entries)) or 'none'}")
    compiled: dict[str, Any] = entries[name]
    return compiled


def _field(compiled: Mapping[str, Any], where: str) -> Field:
    where += compiled["name"]
    conform = compiled.get("conform")
    nested = compiled.get("fields", ())
    if conform is not None and conform not in CONFORM_KINDS:
        raise ContractError(f"{where}: conform {conform!r} is not one of {', '.join(CONFORM_KINDS)}")
    if conform == "money" and not compiled["type"].startswith("decimal"):
        raise ContractError(f"{where}: money must be a decimal, not {compiled['type']}")
    if compiled["type"] == "array":
        if not nested or any(f["type"] == "array" for f in nested):
            raise ContractError(f"{where}: an array must hold objects of scalar fields")
    elif not SCALARS.fullmatch(compiled["type"]):
        raise ContractError(f"{where}: type {compiled['type']!r} is neither array nor a scalar type")
    return Field(
        name=compiled["name"],
        type=compiled["type"],
        required=compiled["required"],
        conform=conform,
        fields=tuple(_field(f, f"{where}[].") for f in nested),
    )


def _rule(compiled: Mapping[str, Any], where: str) -> Rule:
    if compiled["kind"] not in RULE_KINDS:
        raise ContractError(
            f"{where}{compiled['name']}: kind {compiled['kind']!r} is not one of {', '.join(RULE_KINDS)}"
        )
    return Rule(
        name=compiled["name"],
        field=compiled["field"],
        kind=compiled["kind"],
        minimum=compiled.get("minimum"),
        maximum=compiled.get("maximum"),
        pattern=compiled.get("pattern"),
        values=tuple(compiled.get("values", ())),
    )
