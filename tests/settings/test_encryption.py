"""Keys."""

from __future__ import annotations

import pytest

from tests.settings.given import changed, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "encryption.deletion_days",
            3,
            "novaretail:encryption.deletion_days = 3: input should be greater than or equal to 7. "
            "Give days before a deleted key is gone, 7 to 30.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))
