"""What every resource carries."""

from __future__ import annotations

import pytest

from tests.settings.given import changed, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "tags.owner",
            "somebody",
            'novaretail:tags.owner = "somebody": string should match pattern '
            "'^[^\\s@]+@[^\\s@]+\\.[^\\s@]+$'. Give the team's mail address.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))
