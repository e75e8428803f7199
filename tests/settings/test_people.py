"""Permission sets of people."""

from __future__ import annotations

import pytest

from tests.settings.given import changed, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "people.analysts",
            "DataEngineer",
            'novaretail:people.engineers = "DataEngineer": engineers see personal data, analysts do not. Give each a '
            "permission set of its own.",
        ),
        (
            "people.analysts",
            "Data_Analyst",
            "novaretail:people.analysts = \"Data_Analyst\": string should match pattern '^[A-Za-z0-9+=,.@-]{1,32}$'. "
            "Give the permission set of analysts, such as DataAnalyst.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))
