"""Whatever stands anywhere in a contract, it is loaded or refused; the loader does not fall over it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import contracts
from tests.contracts.documents import CUSTOMERS, ORDERS, document

WORDS = st.sampled_from(
    ["", "x", "orders", "order_id", "personal", "gcp", "azure", "object", "array", "raw", "mart", "("]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 500) | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["property", "value", "name", "target", "lanes", "columns"]), inner, max_size=3
        )
    ),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything inside a document."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*path, step)
        yield from places(inner, (*path, step))


DOCUMENTS = [ORDERS, CUSTOMERS, document("daily_sales"), document("operations")]
CHANGES = [(number, path) for number, whole in enumerate(DOCUMENTS) for path in places(whole)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(CHANGES), ANYTHING)
def test_whatever_stands_somewhere_is_loaded_or_refused_with_its_place(
    tmp_path: Path, change: tuple[int, tuple[Any, ...]], value: Any
) -> None:
    number, path = change
    whole = copy.deepcopy(DOCUMENTS[number])
    at: Any = whole
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    (tmp_path / "d.yaml").write_text(json.dumps(whole), "utf-8")
    problems: tuple[contracts.Problem, ...] = ()
    loaded = contracts.Contracts()
    try:
        loaded = contracts.load(tmp_path)
    except contracts.ContractErrors as errors:
        problems = errors.problems
    assert all(problem.path and problem.value and problem.rule for problem in problems), problems
    for topic in loaded.topics:
        assert contracts.schema_definition(topic)
        assert not [f.name for f in contracts.shared_fields(topic) if f.classification == "personal"]
    for exchange in loaded.exchanges:
        assert not [c.name for c in exchange.columns if c.classification == "personal"]
    for table in loaded.iceberg_tables:
        assert json.dumps(table.iceberg_schema())


def test_an_empty_document_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text("", "utf-8")
    with pytest.raises(contracts.ContractErrors):
        contracts.load(tmp_path)
