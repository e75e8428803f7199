"""Who is told."""

from __future__ import annotations

import pytest

from tests.settings.given import changed, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "alerts.emails",
            ["team@example.com", "nobody"],
            'novaretail:alerts.emails[1] = "nobody": it is no mail address. Give one such as team@example.com.',
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))
