"""Every difference between prod and nonprod has a reason."""

from __future__ import annotations

import pytest

from local.docs import environments
from local.docs.environments import Difference, DocsError, Reason

DIFFERS = Difference("streaming.brokers", "how many", "6", "3")


def test_every_setting_that_differs_is_in_the_table_once_with_its_description() -> None:
    page = environments.render()
    for difference in environments.differences(
        environments.read_configuration("prod"), environments.read_configuration("nonprod")
    ):
        assert page.count(f"| `{difference.setting}` |") == 1
        if not difference.setting.startswith(("aws:", "environment", "account")):
            assert difference.what, f"settings does not describe {difference.setting}"


def test_a_difference_without_a_reason_and_a_reason_without_one_are_told_together() -> None:
    with pytest.raises(DocsError) as raised:
        environments.explain([DIFFERS], [Reason("lake.days", "retention", "x"), Reason("streaming.x", "taste", "x")])
    text = str(raised.value)
    assert "streaming.brokers is 6 in prod and 3 in nonprod: say why" in text
    assert "lake.days: nothing of that name differs; remove the reason" in text
    assert "streaming.x: its kind 'taste' is none of size" in text


def test_the_exact_name_of_a_setting_goes_before_a_pattern() -> None:
    pattern, exact = Reason("streaming.*", "size", "all"), Reason("streaming.brokers", "zones", "this")
    other = Difference("streaming.storage", "", "2", "1")
    assert environments.explain([DIFFERS, other], [pattern, exact]) == [(DIFFERS, exact), (other, pattern)]


def test_what_only_one_environment_has_differs_too() -> None:
    (found,) = environments.differences({"lake": {"days": 3, "same": True}}, {"lake": {"same": True}})
    assert (found.setting, found.prod, found.nonprod) == ("lake.days", "3", "(not set)")
