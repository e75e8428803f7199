"""The guide that adds a setting: a typo is met, a wrong value refused, and the right one is in a resource."""

from __future__ import annotations

from pathlib import Path

from tests.guides.running import carry_out


def test_a_setting_is_a_field_and_its_use_and_a_test_of_each(tmp_path: Path) -> None:
    done = carry_out("add-a-setting", tmp_path)

    assert [name.split("/")[0] for name in sorted(done.promised)] == ["components", "settings", "tests", "tests"]
    for stack, percent in (("prod", 70), ("nonprod", 60)):  # as laid over it, and as the default has it
        policy = done.resource(stack, "streaming-storage-policy")["targetTrackingScalingPolicyConfiguration"]
        assert policy["targetValue"] == percent
