"""The function that takes reference files in: its tries fit in the time that it has."""

from __future__ import annotations

import pytest

from tests.settings.given import changed, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "landing.max_age_seconds",
            120,
            "novaretail:landing.max_age_seconds = 120: 3 tries of 60 s do not fit in it. Give 180 or more.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))
