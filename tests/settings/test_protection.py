"""What guards data, and what may be replaced all the same."""

from __future__ import annotations

from typing import Any

import pytest

from settings import reading
from tests.settings.given import changed, raw_of, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "protection.keep_data",
            False,
            "novaretail:protection.keep_data = false: data of prod must outlive the program's mistakes. "
            "Set it to true.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))


@pytest.mark.parametrize(
    ("protection", "stack", "expected"),
    [
        (
            {"keep_data": False, "replaceable": ["lake-raw"]},
            "nonprod",
            'replaceable[0] = "lake-raw": nothing is protected here, so nothing needs to be named. '
            "Remove it, or set keep_data to true.",
        ),
        (
            {"keep_data": True, "replaceable": ["lake-raw", "lake-raw"]},
            "prod",
            'replaceable[1] = "lake-raw": it is named twice. Name each resource once.',
        ),
    ],
)
def test_what_may_be_replaced_is_named_once_and_only_where_it_is_protected(
    protection: dict[str, Any], stack: str, expected: str
) -> None:
    problems = changed(lambda raw: raw.update(protection=protection), stack)
    assert problems == [f"novaretail:protection.{expected}"]


def test_a_name_that_nothing_protected_has_is_told_with_the_nearest_one() -> None:
    raw = raw_of("prod") | {"protection": {"keep_data": True, "replaceable": ["lake-raw", "lake-row"]}}
    problems = reading.unprotected(reading.parse(raw, "prod"), {"lake-raw", "keys-lake"})
    assert [str(problem) for problem in problems] == [
        'novaretail:protection.replaceable[1] = "lake-row": no resource of this name is protected in this stack. '
        "Did you mean `lake-raw`?"
    ]
