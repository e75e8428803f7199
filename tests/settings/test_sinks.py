"""Connectors: workers and the times that must fit each other."""

from __future__ import annotations

import pytest

from tests.settings.given import changed, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "sinks.workers_max",
            1,
            "novaretail:sinks.workers_max = 1: it is less than workers_min (2). Give the same or more.",
        ),
        (
            "sinks.transaction_timeout_seconds",
            10,
            "novaretail:sinks.transaction_timeout_seconds = 10: a transaction must outlive a session (45 s). "
            "Give the same or more.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))
