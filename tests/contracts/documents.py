"""Contracts of this repository with something changed in them, and what the loader says of those."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

import contracts
from contracts import strict_yaml
from contracts.loader import FOLDER

Document = dict[str, Any]

TOPIC, HEAD = "$.schema[0]", "$.schema[1]"
"""Paths in the contract of orders."""
FIELDS = ("schema", 0, "properties")
COLUMNS = ("schema", 1, "properties")
NO_SLA = {"property": "x", "value": 1}


def document(name: str) -> Document:
    """What a contract of this repository says, as its file has it."""
    value: Document = strict_yaml.load((FOLDER / f"{name}.yaml").read_text("utf-8"), name)
    return value


ORDERS = document("orders")
CUSTOMERS = document("customers")


def place(field: str) -> str:
    """Where a field of the topic orders is, as the loader names it; fields before it may come and go."""
    return f"{TOPIC}.properties[{[entry['name'] for entry in ORDERS['schema'][0]['properties']].index(field)}]"


def listed_place(column: str) -> str:
    """Where `shareWith` of the topic orders lists a column, as the loader names it."""
    (columns,) = [
        e["value"]["columns"] for e in ORDERS["schema"][0]["customProperties"] if e["property"] == "shareWith"
    ]
    return f"{TOPIC}.customProperties.shareWith.columns[{columns.index(column)}]"


def problems_of(folder: Path, *documents: object) -> list[contracts.Problem]:
    """The problems of a folder with these contracts: texts as they are, other values written as YAML."""
    for index, given in enumerate(documents):
        # JSON is YAML, and has no anchors where a value is used twice
        text = given if isinstance(given, str) else json.dumps(given)
        (folder / f"d{index}.yaml").write_text(text, "utf-8")
    with pytest.raises(contracts.ContractErrors) as caught:
        contracts.load(folder)
    return list(caught.value.problems)


def orders(*path: object, to: object) -> Document:
    """The contract of orders with one value replaced, or removed if `to` is ...."""
    return changed(ORDERS, *path, to=to)


def customers(*path: object, to: object) -> Document:
    """The contract of a captured table with one value replaced, or removed if `to` is ...."""
    return changed(CUSTOMERS, *path, to=to)


def changed(of: Document, *path: object, to: object) -> Document:
    """A copy with one value replaced, or removed if `to` is ...; in a list, a step may be an entry's name."""
    whole = copy.deepcopy(of)
    at: Any = whole
    for step in path[:-1]:
        at = at[_index(at, step)]
    last = _index(at, path[-1])
    if to is ...:
        del at[last]
    else:
        at[last] = to
    return whole


def added(at: int, name: str, value: object, of: Document = ORDERS) -> Document:
    """A copy in which the schema object at this index has one custom property more."""
    whole = copy.deepcopy(of)
    whole["schema"][at].setdefault("customProperties", []).append({"property": name, "value": value})
    return whole


def _index(at: Any, step: Any) -> Any:
    if isinstance(at, list) and isinstance(step, str):
        return next(i for i, item in enumerate(at) if step in (item.get("property"), item.get("name")))
    return step


def assert_found(folder: Path, wrong: object, path: str, rule: str, value: str | None = None) -> None:
    """Hold that the one contract has a problem at this path, with this rule; and that value, if given."""
    found = problems_of(folder, wrong)
    fitting = [p for p in found if p.path == path and rule in p.rule and value in (None, p.value)]
    assert fitting, [str(p) for p in found]
    assert all(p.file == "d0.yaml" for p in found)
