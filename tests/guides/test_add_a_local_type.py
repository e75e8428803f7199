"""The guide that makes a resource type live: one row, one class, and a test that goes through the provider."""

from __future__ import annotations

from pathlib import Path

from tests.guides.running import carry_out

LIVE = """
from local.clouds.provider.types import live_class, live_types
from local.clouds.provider.live import Live
token = "aws:cloudwatch/dashboard:Dashboard"
assert token in live_types() and issubclass(live_class(token), Live)
"""


def test_a_new_type_is_one_row_and_one_class_and_its_test(tmp_path: Path) -> None:
    done = carry_out("add-a-local-type", tmp_path)

    assert [name.split("/")[0] for name in sorted(done.promised)] == ["local", "local", "tests"]
    assert done.run(f".venv/bin/python -c '{LIVE}'") == 0, done.said
