"""The trail of what happens, and what it is searched for."""

from __future__ import annotations

import pytest

from tests.settings.given import changed, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "audit.unused_access_days",
            366,
            "novaretail:audit.unused_access_days = 366: input should be less than or equal to 365. "
            "Give days until unused access of a role is a finding, 1 to 365; or nothing.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))
