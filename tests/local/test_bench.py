"""The benchmark's arithmetic, and that it measures what the program uses."""

from __future__ import annotations

import json

from local import bench


def test_the_limit_is_one_and_a_half_imports_and_five_seconds_of_medians() -> None:
    fast = bench.judge(3, [1.0, 2.0, 9.0], [7.0, 8.0, 30.0])
    assert (fast.limit_seconds, fast.holds) == (8.0, True)
    assert not bench.judge(3, [2.0], [8.01]).holds


def test_the_modules_are_those_that_the_program_loaded() -> None:
    modules = set(json.loads(bench._python(bench.MODULES)))
    assert {"pulumi", "pulumi_aws.s3.bucket", "pulumi_gcp.pubsub.topic"} <= modules
    assert "pulumi_aws.lightsail.instance" not in modules  # nothing of ours; a whole import would take minutes
