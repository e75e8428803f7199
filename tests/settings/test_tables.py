"""How tables are maintained."""

from __future__ import annotations

import pytest

from tests.settings.given import changed, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "tables.orphan_days",
            1,
            "novaretail:tables.orphan_days = 1: input should be greater than or equal to 3. "
            "Give days before a file that no table knows is removed, 3 to 365.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))


def test_a_missing_field_says_what_to_give() -> None:
    problems = changed(lambda raw: raw["tables"].pop("snapshot_days"))
    assert problems == [
        "novaretail:tables.snapshot_days = null: it is missing. Give days a snapshot is kept, 1 to 365."
    ]
