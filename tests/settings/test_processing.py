"""Jobs and the pipeline: worker types, schedules and times."""

from __future__ import annotations

import pytest

from tests.settings.given import changed, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "processing.schedule",
            "every hour",
            'novaretail:processing.schedule = "every hour": string should match pattern '
            "'^(rate\\([1-9][0-9]* (minutes?|hours?|days?)\\)|cron\\([^()]+\\))$'. Give when the pipeline starts, such "
            "as rate(1 hour) or cron(0 5 * * ? *); nothing: by hand.",
        ),
        (
            "processing.worker_type",
            "Standard",
            "novaretail:processing.worker_type = \"Standard\": input should be 'G.1X', 'G.2X', 'G.4X' or 'G.8X'. "
            "Give G.1X (4 vCPU, 16 GiB) to G.8X.",
        ),
        (
            "processing.pipeline_timeout_minutes",
            200,
            "novaretail:processing.pipeline_timeout_minutes = 200: a run curates, then builds: two jobs of 120 minutes "
            "at most. Give 240 or more, or lower timeout_minutes.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))
