"""The capture of changes: capacity, lateness, its window, and a zone that it outlives in prod."""

from __future__ import annotations

import pytest

from tests.settings.given import changed, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "cdc.capacity_max",
            1,
            "novaretail:cdc.capacity_max = 1: it is less than capacity_min (2). Give the same or more.",
        ),
        (
            "cdc.capacity_max",
            3,
            "novaretail:cdc.capacity_max = 3: input should be 1, 2, 4, 8, 16, 32, 64, 128, 192, 256 or 384. "
            "Give DCU of the replication at most: 1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384.",
        ),
        (
            "cdc.batch_seconds",
            900,
            "novaretail:cdc.latency_minutes = 15: changes wait for 900 s as a rule. Give more than batch_seconds.",
        ),
        (
            "cdc.multi_az",
            False,
            "novaretail:cdc.multi_az = false: prod's replication outlives a zone. Set it to true.",
        ),
        (
            "cdc.replication_window",
            "sun:23:50-mon:00:10",
            'novaretail:cdc.replication_window = "sun:23:50-mon:00:10": a window is half an hour at least. '
            "Give a longer one.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))
