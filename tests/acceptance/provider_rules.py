"""Holds arguments against provider_rules.yaml: the pairs and formats that only the provider's own code knows."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.graphs.sent import Finding, Made, Unknowns

FILE = Path(__file__).with_suffix(".yaml")
PAIRS = {
    "at_most_one": (lambda given, all_of: len(given) <= 1, "at most one of"),
    "at_least_one": (lambda given, all_of: len(given) >= 1, "at least one of"),
    "exactly_one": (lambda given, all_of: len(given) == 1, "exactly one of"),
    "together": (lambda given, all_of: len(given) in (0, all_of), "all or none of"),
}
KINDS = {*PAIRS, "needs", "pattern", "not_pattern", "between", "one_of", "json", "length", "items"}


@functools.cache
def rules() -> dict[str, list[dict[str, Any]]]:
    """The rules of each type, each with its kind and source."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in yaml.safe_load(FILE.read_text("utf-8")):
        for rule in entry["rules"]:
            kind = next(kind for kind in KINDS if kind in rule)
            found.setdefault(entry["type"], []).append({**rule, "kind": kind, "source": entry["source"]})
    return found


def check(resource: Made, unknowns: Unknowns) -> list[Finding]:
    return [
        Finding(resource.name, resource.type, path, rule["kind"], f"{why} ({rule['source']})")
        for rule in rules().get(resource.type, ())
        for path, why in _broken(rule, resource.arguments, unknowns)
    ]


def _broken(rule: Mapping[str, Any], arguments: Mapping[str, Any], unknowns: Unknowns) -> Iterator[tuple[str, str]]:
    kind = rule["kind"]
    if kind in PAIRS:
        holds, said = PAIRS[kind]
        names = rule[kind]
        for where, block in _blocks(arguments, rule.get("within") or _around(names)):
            given = [name for name in names if _is_given(block.get(name.rsplit(".", 1)[-1] if where else name, None))]
            if not where:
                given = [name for name in names if any(_is_given(value) for _, value in _values(arguments, name))]
            if not holds(given, len(names)):
                yield where, f"has {', '.join(given) or 'none'}; {said} {', '.join(names)}"
    elif kind == "needs":
        for name, others in rule[kind].items():
            if arguments.get(name):  # and not 0, which turns enhanced monitoring off
                missing = [other for other in others if not _is_given(arguments.get(other))]
                if missing:
                    yield name, f"needs {', '.join(missing)}"
    else:
        for path, value in _values(arguments, rule["argument"]):
            if value is not None and not unknowns.made_up(value):
                why = _wrong(kind, rule[kind], value)
                if why:
                    yield path, why


def _wrong(kind: str, rule: Any, value: Any) -> str:
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if kind == "pattern" and not re.fullmatch(rule, text):
        return f"is {text!r}, which does not match {rule}"
    if kind == "not_pattern" and re.search(rule, text):
        return f"is {text!r}, which matches {rule}"
    if kind == "between" and not rule[0] <= float(value) <= rule[1]:
        return f"is {text}, not within {rule[0]} and {rule[1]}"
    if kind == "one_of" and text not in map(str, rule):
        return f"is {text!r}, none of {', '.join(map(str, rule))}"
    if kind in ("length", "items") and not rule[0] <= len(value) <= rule[1]:
        return f"has {len(value)} {'characters' if kind == 'length' else 'items'}, not {rule[0]} to {rule[1]}"
    if kind == "json":
        try:
            json.loads(text)
        except ValueError as error:
            return f"is no JSON: {error}"
    return ""


def _is_given(value: Any) -> bool:
    """Whether there is a value; a switch that is off is none, and neither is an empty text, list or block."""
    return value is not None and value is not False and value not in ("", [], {})


def _around(names: list[str]) -> str:
    """The list of blocks in which the arguments stand side by side: rules[] of rules[].filter and rules[].prefix."""
    first = names[0]
    return first[: first.rindex("[].") + 2] if all("[]." in name for name in names) else ""


def _blocks(arguments: Mapping[str, Any], within: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not within:
        yield "", arguments
        return
    for path, value in _values(arguments, within):
        if isinstance(value, Mapping):
            yield path, value


def _values(at: Any, path: str, so_far: str = "") -> Iterator[tuple[str, Any]]:
    """Every value at a path, of which `[]` is each item of a list; a block that is not there has none."""
    if not path:
        yield so_far, at
        return
    head, _, rest = path.partition(".")
    name = head.removesuffix("[]")
    value = at.get(name) if isinstance(at, Mapping) else None
    if head.endswith("[]"):
        for index, item in enumerate(value if isinstance(value, list) else []):
            yield from _values(item, rest, f"{so_far}{name}[{index}].".removesuffix("" if rest else "."))
    elif value is not None:
        yield from _values(value, rest, f"{so_far}{name}{'.' if rest else ''}")
