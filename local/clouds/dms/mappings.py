"""DMS's table mappings: which tables and columns are replicated, and where to.

https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TableMapping.html
What is not imitated is refused: a rule that is passed over would make files that DMS does not make.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

TableName = tuple[str, str]
"""Schema and table."""


class MappingError(Exception):
    """Table mappings that DMS would refuse, or that this stand-in does not imitate."""


@dataclass(frozen=True)
class TableMapping:
    """One table of the source, and where it goes."""

    source: TableName
    target: TableName
    columns: tuple[tuple[str, str], ...]
    """(name in the source, name in the target), in the order of the source."""


@dataclass(frozen=True)
class Mappings:
    """The rules of one replication."""

    selections: tuple[Mapping[str, Any], ...]
    transformations: tuple[Mapping[str, Any], ...]

    @classmethod
    def parse(cls, text: str) -> Mappings:
        """Raises: MappingError"""
        try:
            rules = json.loads(text)["rules"]
        except (ValueError, KeyError, TypeError) as error:
            raise MappingError(f'table mappings are JSON of the form {{"rules": [...]}}: {error}') from error
        identifiers = [rule.get("rule-id") for rule in rules]
        if len(set(identifiers)) != len(identifiers):
            raise MappingError("every rule needs a rule-id of its own")
        for rule in rules:
            _require_known(rule)
        selections = tuple(rule for rule in rules if rule["rule-type"] == "selection")
        if not any(rule["rule-action"] in ("include", "explicit") for rule in selections):
            raise MappingError("no selection rule includes a table")
        return cls(selections, tuple(rule for rule in rules if rule["rule-type"] == "transformation"))

    def selects(self, table: TableName) -> bool:
        """An exclusion wins over every inclusion."""
        actions = {rule["rule-action"] for rule in self.selections if _matches(rule, table)}
        return bool(actions & {"include", "explicit"}) and "exclude" not in actions

    def of(self, table: TableName, columns: Iterable[str]) -> TableMapping:
        """
        Args:
            columns: of the source, in its order.

        Raises: MappingError if no column is left, or two get the same name.
        """
        schema = self._renamed("schema", table[0], table)
        name = self._renamed("table", table[1], table)
        rules = [rule for rule in self.transformations if rule["rule-target"] == "column" and _matches(rule, table)]
        kept = []
        # With one include-column rule, a table has those columns only that a rule includes.
        listed = any(rule["rule-action"] == "include-column" for rule in rules)
        for column in columns:
            own = [rule for rule in rules if _like(column, rule["object-locator"]["column-name"])]
            actions = {rule["rule-action"] for rule in own}
            if "remove-column" in actions or (listed and "include-column" not in actions):
                continue
            kept.append((column, next((r["value"] for r in own if r["rule-action"] == "rename"), column)))
        if not kept or len({target for _, target in kept}) != len(kept):
            raise MappingError(f"{'.'.join(table)}: the mappings leave no column, or give two the same name")
        return TableMapping(table, (schema, name), tuple(kept))

    def _renamed(self, target: str, name: str, table: TableName) -> str:
        for rule in self.transformations:
            if rule["rule-target"] == target and _matches(rule, table):
                return str(rule["value"])
        return name


_KNOWN = {
    ("selection", None): {"include", "exclude", "explicit"},
    ("transformation", "schema"): {"rename"},
    ("transformation", "table"): {"rename"},
    ("transformation", "column"): {"rename", "include-column", "remove-column"},
}


def _require_known(rule: Mapping[str, Any]) -> None:
    kind, target, action = rule.get("rule-type"), rule.get("rule-target"), rule.get("rule-action")
    what = f"rule {rule.get('rule-id')} ({rule.get('rule-name')})"
    if action not in _KNOWN.get((str(kind), target), ()):
        raise MappingError(f"{what}: {kind} {action} of {target or 'tables'} is not imitated")
    if rule.get("filters") or rule.get("load-order"):
        raise MappingError(f"{what}: filters and load orders are not imitated")
    wanted = {"schema-name"}
    if target != "schema":
        wanted.add("table-name")
    if target == "column":
        wanted.add("column-name")
    if set(rule.get("object-locator", {})) != wanted:
        raise MappingError(f"{what}: its object-locator needs {', '.join(sorted(wanted))}")
    if (action == "rename") != bool(rule.get("value")):
        raise MappingError(f"{what}: a rename, and only a rename, has a value")


def _matches(rule: Mapping[str, Any], table: TableName) -> bool:
    locator = rule["object-locator"]
    return _like(table[0], locator["schema-name"]) and _like(table[1], locator.get("table-name", "%"))


def _like(name: str, pattern: str) -> bool:
    """% stands for any text. DMS's underscore for one character is taken literally: names are full of them."""
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("%")), name) is not None
