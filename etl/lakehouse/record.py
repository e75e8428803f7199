"""One record against its contract: schema, quality rules, conformance. Pure Python, no Spark.

A record breaks any number of rules; all are reported. They have one fixed order, and the first that
a record breaks is the one it is counted under:

    json                          the value is one JSON object
    required:<field>              present, not null, and (identifiers) not blank
    type:<field>                  of its type, and within its range
    country, currency             ISO 3166-1 alpha-2, ISO 4217
    <the contract's rules>        in the contract's order
    unique:<field>                no two elements of an array with the same key of a curated table
    minor_units                   no more decimals than the currency (or the column) has
    exchange_rate, overflow       what the dataset's own derivation needs (orders_record)

`<field>` is a path: `order_id`, `lines[].quantity`. A rule says nothing about a field that is absent
or has failed its type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from .contract import Field, Job, Rule
from .scalars import BadValueError, NotAnObjectError, TooManyDecimalsError, converter, kind_of, parse_object, shown

Fail = Callable[[str, str], None]
"""Report a broken rule: its name, and the reason in words."""
Derive = Callable[[dict[str, Any], Fail], None]
"""Add to a record's values what its dataset derives; fields that failed their type are None."""

Check = Callable[[Any], str | None]
"""Completes "<field> = <value> ..." if the value breaks the rule."""

_EXACT = Context(prec=60, traps=[InvalidOperation])

REPORTED = 3
"""Elements of an array that a reason names for one rule; more are counted."""


@dataclass(frozen=True)
class Verdict:
    """What became of one record.

    values: the conformed record, None if a rule was broken.
    failures: (rule, reason) of every broken rule, in the fixed order.
    unknown: paths of fields that the contract does not name, each once.
    """

    values: dict[str, Any] | None
    failures: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()


class Enforcer:
    """Judges records by a contract; made once a task, used for each of its rows."""

    def __init__(self, job: Job, derive: Derive, derived_rules: Iterable[str]) -> None:
        """`derived_rules` are the names that `derive` may report, in order; they come last."""
        by_field: dict[str, list[Rule]] = {}
        for rule in job.rules:
            by_field.setdefault(rule.field, []).append(rule)
        self._job = job
        self._derive = derive
        self._currency_field = next((f.name for f in job.fields if f.conform == "iso4217"), None)
        self._leaves = {
            path: _Leaf(path, field, by_field.get(path, ()), job)
            for path, field in paths(job.fields)
            if field.type != "array"
        }
        self._units = {digits: Decimal(1).scaleb(-digits) for digits in set(job.currencies.values())}
        self._money = [
            (path, int(field.type.rstrip(")").rpartition(",")[2]))
            for path, field in paths(job.fields)
            if field.conform == "money"
        ]
        self._unique = _unique_paths(job)
        self.rules = rule_order(job, derived_rules)
        self._order = {name: index for index, name in enumerate(self.rules)}

    def judge(self, text: str | None) -> Verdict:
        """Judge one record as it came from Kafka."""
        try:
            document = parse_object(text)
        except NotAnObjectError as error:
            return Verdict(None, (("json", f"not a JSON object: {error}"),))
        found: dict[str, list[str]] = {}
        unknown: dict[str, None] = {}

        def fail(rule: str, reason: str) -> None:
            found.setdefault(rule, []).append(reason)

        values = self._object(self._job.fields, document, "", "", fail, unknown)
        self._check_minor_units(values, fail)
        self._derive(values, fail)
        names = tuple(unknown)
        if not found:
            return Verdict(values, (), names)
        failures = sorted(found.items(), key=lambda item: self._order[item[0]])
        return Verdict(None, tuple((rule, _summary(reasons)) for rule, reasons in failures), names)

    def _object(
        self,
        fields: tuple[Field, ...],
        document: Mapping[str, Any],
        path: str,
        place: str,
        fail: Fail,
        unknown: dict[str, None],
    ) -> dict[str, Any]:
        """Return values of an object's fields; `path` is for rules ("lines[]."), `place` for reasons ("lines[2].")."""
        values: dict[str, Any] = {}
        known = 0
        for field in fields:
            name = field.name
            raw = document.get(name)
            if name in document:
                known += 1
            if raw is None:
                values[name] = None
                if field.required:
                    state = "null" if name in document else "missing"
                    fail(f"required:{path}{name}", f"{place}{name} is {state}")
            elif field.type == "array":
                values[name] = self._array(field, raw, fail, unknown)
            else:
                values[name] = self._leaves[path + name].value(raw, place, fail)
        if known < len(document):
            names = {f.name for f in fields}
            unknown.update(dict.fromkeys(f"{path}{name}" for name in document if name not in names))
        return values

    def _array(self, field: Field, raw: Any, fail: Fail, unknown: dict[str, None]) -> list[dict[str, Any]] | None:
        rule = f"type:{field.name}"
        if type(raw) is not list:
            fail(rule, f"{field.name} is {kind_of(raw)}, not an array")
            return None
        elements = []
        for index, element in enumerate(raw):
            place = f"{field.name}[{index}]"
            if type(element) is dict:
                elements.append(self._object(field.fields, element, f"{field.name}[].", f"{place}.", fail, unknown))
            else:
                fail(rule, f"{place} is {kind_of(element)}, not an object")
        for path, array, names in self._unique:
            if array == field.name:
                _check_unique(path, field.name, elements, names, fail)
        return elements

    def _check_minor_units(self, values: Mapping[str, Any], fail: Fail) -> None:
        currency = values.get(self._currency_field) if self._currency_field else None
        if currency is None:
            return
        digits = self._job.currencies[currency]
        unit = self._units[digits]
        for path, decimals in self._money:
            if decimals <= digits:
                continue  # its own type allows no more than the currency has
            for place, value in located(path, values):
                if value is not None and _EXACT.remainder(value, unit):
                    fail("minor_units", f"{place} = {value} has more than the {digits} decimals of {currency}")


class _Leaf:
    """A scalar field: its conversion, conformance and rules."""

    def __init__(self, path: str, field: Field, rules: Iterable[Rule], job: Job) -> None:
        self._name = field.name
        self._path = path
        self._convert = converter(field.type)
        self._conform = field.conform
        self._required = field.required
        self._codes = {"iso3166": job.countries, "iso4217": frozenset(job.currencies)}.get(field.conform or "")
        self._checks = [(rule.name, check(rule)) for rule in rules]

    def value(self, raw: Any, place: str, fail: Fail) -> Any:
        """Return the conformed value; None, with the reason reported, if there is none."""
        try:
            value = self._convert(raw)
        except TooManyDecimalsError as error:
            # Money with too many decimals is a matter of the currency, whatever the column would hold.
            rule = "minor_units" if self._conform == "money" else f"type:{self._path}"
            fail(rule, f"{place}{self._name} = {shown(raw)} {error}")
            return None
        except BadValueError as error:
            fail(f"type:{self._path}", f"{place}{self._name} = {shown(raw)} {error}")
            return None
        if self._conform in ("identifier", "iso3166", "iso4217"):
            value = value.strip().upper()
            if not value and self._conform == "identifier":
                if self._required:
                    fail(f"required:{self._path}", f"{place}{self._name} is blank")
                return None
            if self._codes is not None and value not in self._codes:
                kind, standard = ("country", "ISO 3166-1") if self._conform == "iso3166" else ("currency", "ISO 4217")
                fail(kind, f"{place}{self._name} = {shown(raw)} is no {kind} of {standard}")
                return None
        for name, broken in self._checks:
            reason = broken(value)
            if reason:
                fail(name, f"{place}{self._name} = {shown(value)} {reason}")
        return value


def rule_order(job: Job, derived_rules: Iterable[str]) -> tuple[str, ...]:
    """Return every rule that a record of this contract can break, in the order in which they count."""
    every = list(paths(job.fields))
    return (
        "json",
        *(f"required:{path}" for path, field in every if field.required),
        *(f"type:{path}" for path, _ in every),
        "country",
        "currency",
        *(rule.name for rule in job.rules),
        *(f"unique:{path}" for path, _, _ in _unique_paths(job)),
        "minor_units",
        *derived_rules,
    )


def paths(fields: Iterable[Field], prefix: str = "") -> Iterable[tuple[str, Field]]:
    """Return (path, field) of every field, an array before its elements' fields."""
    for field in fields:
        yield prefix + field.name, field
        if field.type == "array":
            yield from paths(field.fields, f"{prefix}{field.name}[].")


def located(path: str, values: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Return (place, value) of everything that a path means in a record: of `lines[].quantity`, one a line."""
    array, nested, name = path.rpartition("[].")
    if not nested:
        yield path, values.get(path)
        return
    for index, element in enumerate(values.get(array) or ()):
        yield f"{array}[{index}].{name}", element.get(name)


def check(rule: Rule) -> Check:
    """Return the function that a rule of the contract is."""
    if rule.kind == "enum":
        allowed = frozenset(rule.values)
        listed = ", ".join(rule.values)
        return lambda value: None if value in allowed else f"is not one of {listed}"
    if rule.kind == "pattern":
        # JSON Schema's `$` is the end of the text; Python's also stands before a last line break.
        pattern = re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", rule.pattern or ""))
        return lambda value: None if pattern.search(value) else f"does not match {rule.pattern}"
    low = None if rule.minimum is None else Decimal(str(rule.minimum))
    high = None if rule.maximum is None else Decimal(str(rule.maximum))

    def out_of_range(value: Any) -> str | None:
        if low is not None and value < low:
            return f"is less than {rule.minimum}"
        if high is not None and value > high:
            return f"is more than {rule.maximum}"
        return None

    return out_of_range


def _unique_paths(job: Job) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return (path, array, fields): equal elements of an array would be one row of a table whose key has the fields."""
    found: dict[str, tuple[str, str, tuple[str, ...]]] = {}
    for array in (f for f in job.fields if f.type == "array"):
        inner = {f.name for f in array.fields} - {f.name for f in job.fields}
        for table in job.tables.values():
            names = tuple(name for name in table.primary_key if name in inner)
            if names:
                path = f"{array.name}[].{'+'.join(names)}"
                found[path] = (path, array.name, names)
    return list(found.values())


def _check_unique(path: str, array: str, elements: list[dict[str, Any]], names: tuple[str, ...], fail: Fail) -> None:
    seen: set[tuple[Any, ...]] = set()
    for element in elements:
        key = tuple(element[name] for name in names)
        if key in seen and None not in key:
            fail(f"unique:{path}", f"{array} has {' and '.join(names)} {', '.join(map(shown, key))} twice")
        seen.add(key)


def _summary(reasons: list[str]) -> str:
    more = len(reasons) - REPORTED
    return "; ".join(reasons[:REPORTED]) + (f"; and {more} more" if more > 0 else "")
