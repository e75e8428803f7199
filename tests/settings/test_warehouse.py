"""Redshift Serverless: sizes and limits of use."""

from __future__ import annotations

import pytest

from tests.settings.given import changed, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "warehouse.base_rpu",
            12,
            "novaretail:warehouse.base_rpu = 12: input should be a multiple of 8. "
            "Give RPU to begin with, 8 to 512 in steps of 8.",
        ),
        (
            "warehouse.max_rpu",
            8,
            "novaretail:warehouse.max_rpu = 8: it is less than base_rpu (32). Give the same or more.",
        ),
        (
            "warehouse.monthly_rpu_hours",
            100,
            "novaretail:warehouse.monthly_rpu_hours = 100: it is less than daily_rpu_hours (400), which would never be "
            "reached. Give the same or more.",
        ),
        (
            "warehouse.daily_breach",
            "deactivate",
            'novaretail:warehouse.monthly_breach = "deactivate": Redshift Serverless takes one limit with deactivate a '
            "workgroup, and daily_breach has it. Set one of the two to emit-metric.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))


def test_a_month_cannot_use_more_than_days_that_stop_queries_let_it() -> None:
    (problem,) = changed(to("warehouse.monthly_rpu_hours", 500), "nonprod")
    assert problem == (
        "novaretail:warehouse.monthly_rpu_hours = 500: queries stop at 16 RPU-hours a day, so a month never has more "
        "than 496. Give 496 or less."
    )
