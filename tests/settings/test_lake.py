"""Buckets of the lake, of code, and of logs of requests: how long things stay."""

from __future__ import annotations

import pytest

from tests.settings.given import changed, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "lake.noncurrent_days",
            0,
            "novaretail:lake.noncurrent_days = 0: input should be greater than or equal to 1. "
            "Give days until overwritten and deleted objects are gone.",
        ),
        (
            "lake.raw_tiering_days",
            7,
            "novaretail:lake.raw_tiering_days = 7: input should be greater than or equal to 30. "
            "Give days until raw's files are tiered by use, 30 to 3650; nothing: never.",
        ),
        (
            "lake.orphan_days",
            7,
            "novaretail:lake.orphan_days = 7: there is no such setting. Known are noncurrent_days, raw_tiering_days.",
        ),
        (
            "access_logs.keep_days",
            3651,
            "novaretail:access_logs.keep_days = 3651: input should be less than or equal to 3650. "
            "Give days to keep the buckets' access logs, 1 to 3650.",
        ),
        (
            "artifacts.noncurrent_days",
            0,
            "novaretail:artifacts.noncurrent_days = 0: input should be greater than or equal to 1. "
            "Give days until replaced versions of code are gone, 1 to 3650.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))
