"""What the loader refuses in a table of curated, analytics or operations."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts.documents import COLUMNS, HEAD, Document, assert_found, orders

CUSTOM = ("schema", 1, "customProperties")
LINES = ("schema", 2, "properties")
CASES = [
    pytest.param(orders(*CUSTOM, "role", "value", to="mart"), "$.schema", "exactly one with role `head`", id="no head"),
    pytest.param(
        orders(*CUSTOM, "role", "value", to="had"), f"{HEAD}.customProperties.role", "head, mart, ledger", id="role"
    ),
    pytest.param(
        orders(*CUSTOM, "role", to={"property": "sources", "value": "curated.orders"}),
        f"{HEAD}.customProperties.sources",
        "a list of tables",
        id="sources",
    ),
    *(
        pytest.param(
            orders(*CUSTOM, "database", "value", to=value),
            f"{HEAD}.customProperties.database",
            "curated, analytics, operations",
            id=f"database {value!r}",
        )
        for value in ("raw", "shop", ["curated"], True)
    ),
    pytest.param(
        orders(*COLUMNS, 0, "required", to=False), f"{HEAD}.properties[0].required", "is required", id="key nullable"
    ),
    pytest.param(
        orders(*LINES, "placed_date", "customProperties", "partitionTransform", "value", to="week"),
        "$.schema[2].properties[3].customProperties.partitionTransform",
        "identity, year, month, day",
        id="transform",
    ),
    pytest.param(
        orders(*CUSTOM, "prefix", "value", to="/orders/"),
        f"{HEAD}.customProperties.prefix",
        "between single slashes",
        id="prefix",
    ),
]


@pytest.mark.parametrize(("document", "path", "rule"), CASES)
def test_a_wrong_value_is_named_with_its_place_and_its_rule(
    tmp_path: Path, document: Document, path: str, rule: str
) -> None:
    assert_found(tmp_path, document, path, rule)
